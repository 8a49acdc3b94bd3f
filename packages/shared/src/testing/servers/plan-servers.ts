import { chooseImage, SERVERS, type ServerName } from "./servers.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a suite gets its servers from, or why it cannot run. */
export type ServerPlan =
  | {
      readonly kind: "run";
      readonly given: ReadonlyMap<ServerName, string>;
      /** To be started in containers, with the image of each. */
      readonly images: ReadonlyMap<ServerName, string>;
    }
  | { readonly kind: "skip" | "fail"; readonly reason: string };

/**
 * Servers in the environment take precedence, then containers if Docker runs. Without either the suite is skipped, or fails
 * if `REQUIRE_INTEGRATION=1`. `dockerFault` is called only if a container is needed;
 * null: Docker runs.
 */
export async function planServers(
  names: readonly ServerName[],
  { env, dockerFault }: { readonly env: Environment; readonly dockerFault: () => Promise<string | null> },
): Promise<ServerPlan> {
  const given = new Map<ServerName, string>();
  const images = new Map<ServerName, string>();
  for (const name of names) {
    const url = env[SERVERS[name].urlVariable];
    if (url) given.set(name, url);
    else images.set(name, chooseImage(name, env));
  }
  const fault = images.size > 0 ? await dockerFault() : null;
  if (fault === null) return { kind: "run", given, images };
  const variables = [...images.keys()].map((name) => SERVERS[name].urlVariable);
  const reason = `set ${variables.join(", ")}, or start Docker (${fault})`;
  return { kind: env["REQUIRE_INTEGRATION"] === "1" ? "fail" : "skip", reason };
}
