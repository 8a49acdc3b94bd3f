import { AppError } from "../app-error.ts";
import { JOB_STATES, type Job } from "./job.ts";
import type { JobDefinition } from "./job-definition.ts";
import type { LastRun } from "../run/run.ts";
import { RUN_STATES } from "../run/run-state.ts";
import { standInDefinition, type KnownOfDefinition, type StoredDefinition } from "./stored-definition.ts";
import { isRecord, isText, isTime, isTimeOrNull, isWhole } from "../json/stored-value.ts";

const STATES: readonly string[] = [...JOB_STATES, "deleted"];
const STATUSES: readonly string[] = ["pending", ...RUN_STATES];

/**
 * Checks a job that a store has read from its rows. A readable job is returned as it is. An unreadable part that
 * fires depend on makes it `unreadable`; an unreadable last run is left out until the next one replaces it.
 * `stored`: its definition as stored, replaced by a stand-in if it cannot be read.
 * Throws `store_corrupt` when it could not be written back: its names, version or state cannot be read.
 */
export function checkedJob(job: Job, stored: StoredDefinition): Job {
  if (!isNamed(job)) throw new AppError("store_corrupt", `job ${String(job.uid)}: its row cannot be read`);
  const shown = isShown(job);
  const why = stored.kind === "unreadable" ? stored.reason : cursorFault(job);
  if (why === null && shown) return job;
  return {
    ...job,
    ...(shown ? {} : { status: STATUSES.includes(job.status) ? job.status : "pending", lastRun: null }),
    ...(why === null ? {} : { unreadable: why, ...readableCursor(job) }),
  };
}

/** The definition of a job: as stored, or a stand-in. `known`: the known parts of an unreadable one. */
export const usableDefinition = (stored: StoredDefinition, known: () => KnownOfDefinition): JobDefinition =>
  stored.kind === "read" ? stored.definition : standInDefinition(known());

const isNamed = ({ tenantId, uid, id, version, state }: Job): boolean =>
  isText(tenantId) && isText(uid) && isText(id) && isWhole(version) && STATES.includes(state);

function cursorFault({ nextRunAt, lastScheduledFor, firedCount, misfires, slot, createdAt, updatedAt }: Job): string | null {
  if (!isTimeOrNull(nextRunAt)) return "its next instant cannot be read";
  if (!isTimeOrNull(lastScheduledFor) || !isWhole(firedCount)) return "what it has fired cannot be read";
  if (!isMisfires(misfires)) return "its open misfires cannot be read";
  return isWhole(slot) && isTime(createdAt) && isTime(updatedAt) ? null : "its row cannot be read";
}

const isMisfires = (value: unknown): boolean =>
  value === null || (isRecord(value) && isTime(value["first"]) && isTime(value["last"]) && isWhole(value["count"]));

const isShown = ({ status, lastRun }: Job): boolean => STATUSES.includes(status) && (lastRun === null || isLastRun(lastRun));

export const isLastRun = (value: unknown): value is LastRun =>
  isRecord(value) &&
  isText(value["runId"]) &&
  STATUSES.includes(String(value["state"])) &&
  isTime(value["scheduledFor"]) &&
  isWhole(value["attempt"]) &&
  isTimeOrNull(value["startedAt"]) &&
  isTimeOrNull(value["finishedAt"]);

const readableCursor = ({ nextRunAt, lastScheduledFor, firedCount, misfires, createdAt, updatedAt }: Job) => ({
  nextRunAt: isTimeOrNull(nextRunAt) ? nextRunAt : null,
  lastScheduledFor: isTimeOrNull(lastScheduledFor) ? lastScheduledFor : null,
  firedCount: isWhole(firedCount) ? firedCount : 0,
  misfires: isMisfires(misfires) ? misfires : null,
  createdAt: isTime(createdAt) ? createdAt : 0,
  updatedAt: isTime(updatedAt) ? updatedAt : 0,
});
