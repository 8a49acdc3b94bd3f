import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createDocumentCheck } from "../docs-pages/document-check.test-support.ts";
import { allCases } from "./all-cases.test-support.ts";
import { badInputWorld, fillIn, type World } from "./bad-input.test-support.ts";

/** What is refused for what it says, and not for what it meets or how it is sent. */
const CODES: readonly string[] = ["invalid_request", "bad_header", "body_required", "forbidden_key", "invalid_id"];

/** Codes of faults that no JSON Schema can say: the table in docs/api.md. */
const BEYOND_SCHEMA: ReadonlySet<string> = new Set([
  "bad_cron",
  "bad_duration",
  "bad_instant",
  "bad_schedule",
  "bad_schedule_text",
  "bad_schedule_window",
  "bad_encoding",
  "duplicate_key",
  "half_character",
  "invalid_cursor",
  "number_not_exact",
  "schedule_never_fires",
  "unknown_handler",
  "unknown_queue",
  "unknown_time_zone",
]);
const isBeyondSchema = ({ pointer, code }: { readonly pointer: string; readonly code: string }): boolean =>
  BEYOND_SCHEMA.has(code) || pointer.startsWith("/params") || (code === "invalid_value" && (pointer === "/state" || pointer === "/to"));

let world: World;
let refusedBy: ReturnType<typeof createDocumentCheck>;
beforeAll(async () => {
  world = await badInputWorld();
  refusedBy = createDocumentCheck((await world.call("GET /openapi.json")).body);
});
afterAll(() => world.stop());

test("what is refused for its form, the document refuses too", () => {
  const listed = allCases.filter(
    ({ answers: { code, errors = [] } }) => CODES.includes(code) && (errors.length === 0 || !errors.every(isBeyondSchema)),
  );
  const allowed = listed.filter(({ to, query, headers, body }) => {
    const request = { to: fillIn(to, world), query: query === undefined ? undefined : fillIn(query, world), headers, body };
    return refusedBy(request).length === 0;
  });
  expect(allowed.map(({ to, says, answers }) => [to, says, answers.errors ?? answers.code])).toEqual([]);
  expect(listed.length).toBeGreaterThan(80);
});
