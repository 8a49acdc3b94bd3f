import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { benchJob, createJobs } from "../bench-job.ts";
import { makeOldRuns } from "./history/old-runs.ts";
import { runSide } from "./side.ts";
import { openTickline } from "./tickline.ts";

interface PreparePlan {
  readonly dataDir: string;
  readonly schedules: number;
  readonly oldRuns: number;
}

const SENT_AT_ONCE = 5_000;
const MINUTES_A_DAY = 1_440;
/** Old runs lie this far apart, from yesterday backwards. */
const APART_MS = 100;

/** Fills a data folder and leaves it: what is measured then was made by another process. */
await runSide<PreparePlan, null>(async ({ dataDir, schedules, oldRuns }) => {
  const { store, close } = await openTickline({ dataDir, concurrency: 1, onStart: () => undefined });
  const now = Date.now();
  // Daily, over all minutes of the day: one or two of 100,000 fire in a second.
  const jobAt = (index: number) => {
    const minute = index % MINUTES_A_DAY;
    const schedule = { cron: `${minute % 60} ${Math.floor(minute / 60)} * * *`, timezone: "Europe/Berlin" };
    return benchJob(index, { name: `Daily ${index}`, handler: "noop", schedule }, now);
  };
  await createJobs(store, schedules, jobAt);
  for (;;) {
    const events = await store.outbox.unsent({ shard: ALL_SLOTS, limit: SENT_AT_ONCE });
    if (events.length === 0) break;
    await store.outbox.sent(events.map(({ id }) => id));
  }
  const jobs = Array.from({ length: schedules }, (_, index) => jobAt(index));
  await makeOldRuns(store, { runs: oldRuns, jobs, now, apartMs: APART_MS, failedEvery: null });
  await close();
  return null;
});
