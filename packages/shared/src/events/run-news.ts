import { isRunIdAt } from "../domain/run/run-id.ts";
import type { TicklineEvent } from "./event.ts";
import type { JobCompleted, JobSkipped } from "./job-ended.ts";
import type { JobRetrying } from "./job-retrying.ts";
import type { JobStarted } from "./job-started.ts";

/** The events of the topic of runs. */
export type RunNews = JobStarted | JobRetrying | JobCompleted | JobSkipped;

export const isRunNews = (event: TicklineEvent): event is RunNews =>
  event.type === "JobStarted" || event.type === "JobRetrying" || event.type === "JobCompleted" || event.type === "JobSkipped";

/**
 * Why an event cannot be about one of our runs, by its content alone; null: it may be. Any client may publish one, so the state of the run is
 * read from the store: see `JobStatus.standing`.
 */
export function faultOfNews(event: TicklineEvent): string | null {
  if (!isRunNews(event)) return `the topic of runs is not for ${event.type}`;
  const { tenantId, data } = event;
  if (!isRunIdAt(data.runId, data.scheduledFor)) return "its runId is not one of its scheduledFor";
  if (data.attempt < 1) return "attempts are numbered from 1";
  if ("tenantId" in data && data.tenantId !== tenantId) return "its tenant is not that of its envelope";
  return null;
}
