import { alternate, type Bench, type Side } from "../bench.ts";
import { besideRows, type BesideResult } from "./beside-rows.ts";
import { openServers, serversFault } from "../servers/fleet/bench-servers.ts";
import { besideFleetAtWork } from "../servers/load/fleet-at-work.ts";
import { showNumber, textTable } from "../report/text-table.ts";
import type { ThroughputPlan, ThroughputResult } from "../plan/throughput-plan.ts";
import { ticklineSide } from "./tickline-side.ts";

const LEAD_MS_MIN = 6_000;
/** Slower than jobs are made beside a fleet, so that all are there before they are due. */
const JOBS_MADE_PER_MS = 1;

export const besideFleet: Bench = {
  name: "beside-fleet",
  title: "No-op runs a second of the one process, alone and beside a whole fleet at work on the same disk and cores",
  missing: () => serversFault(process.env),
  async run({ jobs, concurrency, besideRate: rate, runs, profileDir }, progress) {
    const plan: ThroughputPlan = { jobs, concurrency, leadMs: LEAD_MS_MIN + jobs / JOBS_MADE_PER_MS };
    const tickline = ticklineSide<ThroughputResult>("tickline-throughput", plan, { profileDir });
    const sides: Side<BesideResult>[] = [
      { name: "alone", measure: async () => ({ ...(await tickline.measure()), fleetPerSecond: 0 }) },
      {
        name: "beside a fleet at work",
        async measure() {
          const servers = await openServers(process.env);
          try {
            const { result, settledPerSecond } = await besideFleetAtWork(servers, { rate, concurrency }, { ...tickline, progress });
            return { ...result, fleetPerSecond: settledPerSecond };
          } finally {
            await servers.stop();
          }
        },
      },
    ];
    const results = await alternate(sides, { runs, progress });
    return [
      `${showNumber(jobs)} jobs due at once, ${concurrency} handlers at once; the fleet is two apis, two schedulers and three executors over their ` +
        `servers, with recurring jobs that fire ${rate} times a second; min / median / max of ${runs} runs.`,
      "",
      textTable(["Tickline, one process", "runs/s", "of the quiet figure", "completed", "fleet: runs/s"], besideRows(results)),
    ].join("\n");
  },
};
