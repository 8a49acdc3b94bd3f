import { alternate, type Bench, type SideResults } from "../bench.ts";
import { computeSpread } from "../report/statistics.ts";
import { showNumber, showSpread, textTable } from "../report/text-table.ts";
import type { ThroughputPlan, ThroughputResult } from "../plan/throughput-plan.ts";
import { bullmqSide } from "./bullmq-side.ts";
import { ticklineSide } from "./tickline-side.ts";

const LEAD_MS_MIN = 6_000;
/** Slower than any machine this was tried on makes jobs, so that all are there before they are due. */
const JOBS_MADE_PER_MS = 5;

export const throughput: Bench = {
  name: "throughput",
  title: "No-op runs a second, from due to completed",
  async run({ jobs, concurrency, runs, peers, profileDir }, progress) {
    const plan: ThroughputPlan = { jobs, concurrency, leadMs: LEAD_MS_MIN + jobs / JOBS_MADE_PER_MS };
    const sides = [ticklineSide<ThroughputResult>("tickline-throughput", plan, { profileDir })];
    if (peers) {
      sides.push(bullmqSide("bullmq-throughput", plan, "default"), bullmqSide("bullmq-throughput", plan, "everysec"));
    }
    const results = await alternate(sides, { runs, progress });
    return [
      `${showNumber(jobs)} jobs due at once, ${concurrency} handlers at once; min / median / max of ${runs} runs.`,
      "",
      textTable(["side", "runs/s", "CPU µs a run, without Redis", "completed"], results.map(row)),
    ].join("\n");
  },
};

const row = ({ name, results }: SideResults<ThroughputResult>): string[] => [
  name,
  showSpread(computeSpread(results.map(({ runs, tookMs }) => (runs / tookMs) * 1_000))),
  showSpread(computeSpread(results.map(({ runs, cpuMs }) => (cpuMs / runs) * 1_000)), 1),
  results.map(({ runs }) => showNumber(runs)).join(" / "),
];
