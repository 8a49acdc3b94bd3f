import { describe, test } from "@jest/globals";

/** A suite; with a fault, one that is skipped with this reason in its name and said, or that fails when `REQUIRE_INTEGRATION=1`. */
export function describeUnless(fault: string | null, name: string, body: () => void): void {
  if (fault === null) return describe(name, body);
  const { env } = process; // What may be left out is said to the test run, not to the product.
  if (env["REQUIRE_INTEGRATION"] === "1") {
    return describe(name, () =>
      test("has what it needs", () => {
        throw new Error(`REQUIRE_INTEGRATION=1, but it cannot run: ${fault}`);
      }),
    );
  }
  process.stderr.write(`skipped: ${name}: ${fault}\n`);
  describe.skip(`${name} (skipped: ${fault})`, body);
}
