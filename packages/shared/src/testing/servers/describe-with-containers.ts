import { dockerFault } from "./containers.ts";
import { describeUnless } from "./describe-unless.ts";
import { chooseImage, type ServerName } from "./servers.ts";

/**
 * A suite that starts containers of its own, because its changes would disturb others: it stops them, or makes them require
 * logins. It cannot use servers that the environment names. Without Docker it is skipped, or fails when `REQUIRE_INTEGRATION=1`.
 */
export async function describeWithContainers(name: string, body: (imageOf: (server: ServerName) => string) => void): Promise<void> {
  const { env } = process; // This is a setting of the test run, not of the product.
  const fault = await dockerFault();
  describeUnless(fault === null ? null : `start Docker (${fault})`, name, () => body((server) => chooseImage(server, env)));
}
