import { dockerFault } from "./containers.ts";
import { describeUnless } from "./describe-unless.ts";
import { chooseImage, type ServerName } from "./servers.ts";

/**
 * A suite that starts containers of its own and does with them what others must not see: stops them, or has them ask for
 * logins. Servers that the environment names are no use to it. Without Docker it is skipped, or fails when `REQUIRE_INTEGRATION=1`.
 */
export async function describeWithContainers(name: string, body: (imageOf: (server: ServerName) => string) => void): Promise<void> {
  const { env } = process; // Where images are is said to the test run, not to the product.
  const fault = await dockerFault();
  describeUnless(fault === null ? null : `start Docker (${fault})`, name, () => body((server) => chooseImage(server, env)));
}
