import {
  EVERY_MS,
  HISTORY_STEPS,
  type HistoryFolder,
  type HistoryPlan,
  type HistoryResult,
  type HistoryStep,
} from "../plan/history-plan.ts";
import { computeSpread } from "../report/statistics.ts";
import { readHistoryJob } from "./history/history-job.ts";
import { createHistoryCalls, type HistoryCalls } from "./history/history-steps.ts";
import { runSide } from "./side.ts";
import { openTickline } from "./tickline.ts";

const SAMPLES: Readonly<Record<HistoryStep, number>> = {
  create: 300,
  fire: 300,
  firstPage: 300,
  deepPage: 300,
  failed: 100,
  cancelled: 20,
  retention: 7, // With those before them, nearly all of the short history.
};
/** The first calls of a step are not counted: they prepare statements and fill the page cache. */
const WARM_UP = 2;

async function open({ dataDir, runs }: HistoryFolder): Promise<{ readonly calls: HistoryCalls; close(): Promise<void> }> {
  const { store, close } = await openTickline({ dataDir, concurrency: 1, onStart: () => undefined });
  const job = await readHistoryJob(store);
  const latest = await store.runs.list(job.tenantId, { jobId: job.id, limit: 1, cursor: null });
  const latestAt = latest.items[0]?.scheduledFor ?? 0;
  return { calls: createHistoryCalls(store, job, latestAt - (runs / 2) * EVERY_MS), close };
}

async function measureUs(call: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const units = await call();
  return ((performance.now() - start) * 1_000) / units;
}

/** Both stores in turn, call by call: what else the machine does meets both of them. */
await runSide<HistoryPlan, HistoryResult>(async (plan) => {
  const [few, many] = [await open(plan.few), await open(plan.many)];
  const result: Partial<Record<HistoryStep, { fewUs: number; manyUs: number }>> = {};
  for (const step of Object.keys(HISTORY_STEPS) as HistoryStep[]) {
    const [fewUs, manyUs]: [number[], number[]] = [[], []];
    for (let sample = -WARM_UP; sample < SAMPLES[step]; sample += 1) {
      const [ofFew, ofMany] = [await measureUs(few.calls[step]), await measureUs(many.calls[step])];
      if (sample < 0) continue;
      fewUs.push(ofFew);
      manyUs.push(ofMany);
    }
    result[step] = { fewUs: computeSpread(fewUs).median, manyUs: computeSpread(manyUs).median };
  }
  await few.close();
  await many.close();
  return result as HistoryResult;
});
