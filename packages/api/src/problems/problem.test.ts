import { expect, test } from "@jest/globals";
import { FAULTS_MAX, invalidRequest, problem } from "./problem.ts";

const faults = (count: number, nameLength: number) =>
  Array.from({ length: count }, () => ({ pointer: `/params/${"x".repeat(nameLength)}`, code: "unknown_field", message: "is unknown" }));

test.each([
  ["many faults", faults(100, 10), FAULTS_MAX],
  ["faults below a long name of the client's own", faults(50, 20_000), 3],
  ["one fault below a name that is longer than all may be", faults(1, 200_000), 1],
  ["no faults", [], 0],
])("of %s as many are listed as fit, and one at least", (_, all, listed) => {
  expect(problem("invalid_request", "", { errors: all }).errors).toHaveLength(listed);
  if (all.length > listed) expect(invalidRequest(all).detail).toBe(`${all.length} faults, of which the first ${listed} are listed`);
});
