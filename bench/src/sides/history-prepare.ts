import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { jobEvent } from "@tickline/shared/events/job-event";
import { EVERY_MS, FAILED_EVERY, type HistoryFolder } from "../plan/history-plan.ts";
import { createJobs } from "../bench-job.ts";
import { historyJob } from "./history/history-job.ts";
import { makeOldRuns } from "./history/old-runs.ts";
import { runSide } from "./side.ts";
import { openTickline } from "./tickline.ts";

/** Fills a data folder with one job and its history, and leaves it: what is measured then was made by another process. */
await runSide<HistoryFolder, null>(async ({ dataDir, runs }) => {
  const { store, close } = await openTickline({ dataDir, concurrency: 1, onStart: () => undefined });
  const now = Date.now();
  const job = historyJob("allow", now);
  await createJobs(store, 1, () => job);
  await makeOldRuns(store, { runs, jobs: [job], now, apartMs: EVERY_MS, failedEvery: FAILED_EVERY });
  const [previous] = await store.dueJobs.read([job.uid]);
  if (previous === undefined) throw new Error("the job of the history is gone");
  const { definition, definitionHash } = historyJob("skip", now);
  const next = { ...previous, definition, definitionHash, version: previous.version + 1, updatedAt: now };
  const { kind } = await store.jobs.change(DEFAULT_TENANT, { previous, next, event: jobEvent("JobUpdated", next) });
  if (kind !== "changed") throw new Error("the job of the history was not changed");
  await store.status.advance(now);
  await close();
  return null;
});
