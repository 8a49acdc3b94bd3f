import { openServers } from "../servers/fleet/bench-servers.ts";
import { measureLoad, type LoadPlan, type LoadResult } from "../servers/load/shared-load.ts";
import { runSide } from "./side.ts";

/** The load of `servers-soak` in a process of its own, on the servers of its environment: for callers that need only the result. */
await runSide<LoadPlan, LoadResult>(async (plan) => {
  const servers = await openServers(process.env);
  try {
    return await measureLoad(servers, plan, (line) => process.stderr.write(`shared load: ${line}\n`));
  } finally {
    await servers.stop();
  }
});
