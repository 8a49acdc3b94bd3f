import { describe, test } from "@jest/globals";
import { dockerFault } from "./containers.ts";
import { SERVERS, type ServerName } from "./servers.ts";

/**
 * A suite that starts containers of its own and does with them what others must not see: stops them, or has them ask for
 * logins. Servers that the environment names are no use to it. Without Docker it is skipped, or fails when `REQUIRE_INTEGRATION=1`.
 */
export async function describeWithContainers(name: string, body: (imageOf: (server: ServerName) => string) => void): Promise<void> {
  const { env } = process; // Where images are is said to the test run, not to the product.
  const imageOf = (server: ServerName): string => env[SERVERS[server].imageVariable] || SERVERS[server].image;
  const fault = await dockerFault();
  if (fault === null) return describe(name, () => body(imageOf));
  const reason = `start Docker (${fault})`;
  if (env["REQUIRE_INTEGRATION"] === "1") {
    return describe(name, () =>
      test("has Docker", () => {
        throw new Error(`REQUIRE_INTEGRATION=1, but no container can run: ${reason}`);
      }),
    );
  }
  process.stderr.write(`skipped: ${name}: ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason})`, () => body(imageOf));
}
