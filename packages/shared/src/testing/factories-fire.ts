import { sha256 } from "../adapters/system/digest.ts";
import { type DueRun, firstDueRun } from "../domain/run/due-run.ts";
import { scheduledEntry, type Fire, type FireEntry } from "../domain/fire/fire.ts";
import type { Instant } from "../domain/time/instant.ts";
import type { Job, ScheduleCursor } from "../domain/job/job.ts";
import { makeRunId } from "../domain/run/run-id.ts";
import { MINUTE, START } from "./factories.ts";

/** An entry that a schedule produced, due; `overrides` make it a manual one, a missed range, … */
export const newEntry = (job: Job, overrides: Partial<FireEntry> = {}): FireEntry => ({
  ...scheduledEntry(job, job.nextRunAt ?? START),
  ...overrides,
});

/** The cursor of the job after its next instant has fired: a minute later. */
export const cursorAfterFire = (job: Job, overrides: Partial<ScheduleCursor> = {}): ScheduleCursor => ({
  nextRunAt: (job.nextRunAt ?? START) + MINUTE,
  lastScheduledFor: job.nextRunAt,
  firedCount: job.firedCount + 1,
  misfires: null,
  state: job.state,
  ...overrides,
});

/** The fire of the job's next instant. */
export const newFire = (job: Job, entries: readonly FireEntry[] = [newEntry(job)]): Fire => ({
  job,
  advance: cursorAfterFire(job),
  entries,
});

/** *Trigger now*: one run for each key, all at the instant `at`. The cursor stays. */
export const newManualFire = (job: Job, { at, keys }: { readonly at: Instant; readonly keys: readonly string[] }): Fire => ({
  job,
  advance: null,
  entries: keys.map((key) => newEntry(job, { cause: "manual", scheduledFor: at, key })),
});

/** The id that the run of this entry has, in every store. */
export const runIdOfEntry = (job: Job, { cause, scheduledFor, key }: FireEntry): string =>
  makeRunId(sha256, { jobUid: job.uid, cause, scheduledFor, key });

/** The run of an entry, as the bus carries it to executors before its first attempt. */
export const newDueRun = (job: Job, entry: FireEntry = newEntry(job)): DueRun =>
  firstDueRun(job, { runId: runIdOfEntry(job, entry), cause: entry.cause, scheduledFor: entry.scheduledFor });
