import type { Job } from "@tickline/shared/domain/job/job";
import type { Store } from "@tickline/shared/ports/store/store";
import { EVERY_MS, HISTORY_JOB } from "../../plan/history-plan.ts";
import { benchJob } from "../../bench-job.ts";

/** A job of every second. Its history is made with `allow`, so that many of its runs are claimed in one write. */
export const historyJob = (overlap: "allow" | "skip", now: number): Job =>
  benchJob(HISTORY_JOB, { name: "Every second", handler: "noop", schedule: { every: `${EVERY_MS}ms` }, overlap }, now);

export async function readHistoryJob(store: Store): Promise<Job> {
  const [job] = await store.dueJobs.read([historyJob("skip", 0).uid]);
  if (job === undefined) throw new Error("the data folder has no job with a history");
  return job;
}
