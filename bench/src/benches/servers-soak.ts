import type { Bench } from "../bench.ts";
import { openServers, serversFault } from "../servers/fleet/bench-servers.ts";
import { latenessTable, shareTable, verdictLine } from "../servers/load/load-tables.ts";
import { measureLoad, type LoadPlan } from "../servers/load/shared-load.ts";
import { callTable, cpuTable } from "../servers/usage/usage-tables.ts";
import { showNumber } from "../report/text-table.ts";

const SIZE = { api: 2, scheduler: 2, executor: 3 };
/** Each so-many-th message is said twice. */
const REPLAY_EVERY = 10;
const CALLS_SHOWN = 12;

export const serversSoak: Bench = {
  name: "servers-soak",
  title: "Two schedulers, three executors, two apis: even share of work, lateness, duplicates refused",
  missing: () => serversFault(process.env),
  async run({ soakJobs: jobs, soakEvery, soakMinutes, concurrency, profileDir }, progress) {
    const servers = await openServers(process.env);
    try {
      const everyMs = soakEvery * 1_000;
      const forMs = soakMinutes * 60_000;
      const plan: LoadPlan = { size: SIZE, jobs, everyMs, forMs, concurrency, replayEvery: REPLAY_EVERY, overlap: "skip", profileDir };
      const result = await measureLoad(servers, plan, progress);
      progress(JSON.stringify(result));
      return [
        `${showNumber(jobs)} jobs, each every ${soakEvery} s, for ${soakMinutes} minutes; each tenth \`JobDue\` is published twice; ${servers.origin}.`,
        verdictLine(result),
        shareTable(result.shares),
        latenessTable([result]),
        cpuTable(result.cpu, result.verdict.succeeded),
        callTable(result.storeCalls.slice(0, CALLS_SHOWN), "call of the store"),
      ].join("\n\n");
    } finally {
      await servers.stop();
    }
  },
};
