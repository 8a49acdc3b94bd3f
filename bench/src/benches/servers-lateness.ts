import type { Bench } from "../bench.ts";
import { openServers, serversFault } from "../servers/fleet/bench-servers.ts";
import { latenessTable, verdictLine } from "../servers/load/load-tables.ts";
import { measureLoad, type LoadPlan, type LoadResult } from "../servers/load/shared-load.ts";
import { cpuTable } from "../servers/usage/usage-tables.ts";
import { showNumber } from "../report/text-table.ts";

const EVERY_MS = 10_000;
const SIZE = { api: 1, scheduler: 1, executor: 1 };

export const serversLateness: Bench = {
  name: "servers-lateness",
  title: "Lateness and projection lag of recurring schedules over Kafka, MongoDB and Redis",
  missing: () => serversFault(process.env),
  async run({ serversRates: rates, serversSeconds: seconds, concurrency, runs, profileDir }, progress) {
    const tables: string[] = [];
    for (const rate of rates) {
      const jobs = (rate * EVERY_MS) / 1_000;
      const plan: LoadPlan = {
        size: SIZE,
        jobs,
        everyMs: EVERY_MS,
        forMs: seconds * 1_000,
        concurrency,
        replayEvery: 0,
        overlap: "skip",
        profileDir,
      };
      const results: LoadResult[] = [];
      for (let run = 0; run < runs; run += 1) {
        const servers = await openServers(process.env);
        try {
          results.push(await measureLoad(servers, plan, progress));
          progress(`${rate} a second, run ${run + 1} of ${runs}: ${JSON.stringify(results.at(-1))}`);
        } finally {
          await servers.stop();
        }
      }
      const last = results.at(-1);
      if (last === undefined) throw new Error("no runs: nothing was measured");
      tables.push(
        `${showNumber(rate)} fires a second for ${seconds} s, out of ${showNumber(jobs)} schedules; one api, one scheduler, one executor; ` +
          `min / median / max of ${runs} runs.\n\n${latenessTable(results)}\n\n` +
          `Last run: ${verdictLine(last)}\n\n${cpuTable(last.cpu, last.verdict.succeeded)}`,
      );
    }
    return tables.join("\n\n");
  },
};
