import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { runEnded } from "@tickline/shared/events/job-ended";
import { jobRetrying } from "@tickline/shared/events/job-retrying";
import { jobStarted } from "@tickline/shared/events/job-started";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { newDueRun, newEntry } from "@tickline/shared/testing/factories-fire";

export const FAULT = { code: "http_status", message: "503", retryable: true };

/** An attempt of the job's run of this minute, as an executor claims it. */
export const buildClaim = (job: Job, minute: number, attempt = 1): ClaimedRun => {
  const run = { ...newDueRun(job, newEntry(job, { scheduledFor: START + minute * MINUTE })), attempt };
  return { run, token: "t", leaseMs: null, startedAt: START + minute * MINUTE + attempt * SECOND };
};

export const buildEnd = ({ run, startedAt }: ClaimedRun, changes: Partial<EndedRun> = {}): EndedRun => ({
  ...run,
  count: 1,
  scheduledForLast: null,
  state: "succeeded",
  reason: null,
  startedAt,
  finishedAt: startedAt + 5,
  output: null,
  error: null,
  ...changes,
});

export const started = (claim: ClaimedRun): TicklineEvent => jobStarted(claim, "e-1");
export const ended = (claim: ClaimedRun, changes: Partial<EndedRun> = {}): TicklineEvent =>
  runEnded(buildEnd(claim, changes), "tickline/executor");
export const retrying = (claim: ClaimedRun): TicklineEvent => {
  const time: Instant = claim.startedAt + 5;
  return jobRetrying(claim.run, { retryAt: time + SECOND, error: FAULT, time, startedAt: claim.startedAt });
};

/** All that is said of a job in `minutes` minutes: each run fails once, is tried again and ends; every third one is skipped. */
export const buildStory = (job: Job, minutes: number): TicklineEvent[] =>
  Array.from({ length: minutes }, (_, minute) => {
    const [first, second] = [buildClaim(job, minute), buildClaim(job, minute, 2)];
    if (minute % 3 === 2) return [ended(first, { state: "skipped", reason: "overlap", startedAt: null })];
    return [started(first), retrying(first), started(second), ended(second, minute % 2 === 0 ? {} : { state: "failed", error: FAULT })];
  }).flat();
