import { describe, test } from "@jest/globals";

/** A suite. With a fault it is skipped, and its name and a message give the reason; with `REQUIRE_INTEGRATION=1` it fails. */
export function describeUnless(fault: string | null, name: string, body: () => void): void {
  if (fault === null) return describe(name, body);
  const { env } = process; // This is a setting of the test run, not of the product.
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
