import { AppError } from "../../domain/app-error.ts";
import type { Digest } from "../../domain/digest.ts";
import { type DueRun, makeDueRun } from "../../domain/run/due-run.ts";
import { evaluate } from "../../domain/evaluation.ts";
import type { FireEntry } from "../../domain/fire/fire.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import type { JobDefinition } from "../../domain/job/job-definition.ts";
import { isExclusive } from "../../domain/policy/overlap.ts";
import type { LastRun } from "../../domain/run/run.ts";
import { type RunRecord, type Standing, toEndedRun } from "../../domain/run/run-record.ts";
import { canBecome, RUN_STATES } from "../../domain/run/run-state.ts";
import type { EndedRun } from "../../domain/run/settlement.ts";
import { isInShard, type Shard } from "../../domain/slot.ts";
import { readKnownParts, type KnownOfDefinition, NO_DEFINITION, readDefinition } from "../../domain/job/stored-definition.ts";
import { checkedJob, isLastRun, usableDefinition } from "../../domain/job/stored-job.ts";
import { requireReadableRun } from "../../domain/run/stored-run.ts";
import type { JobEvent } from "../../events/job-event.ts";
import type { Clock } from "../../ports/clock.ts";
import type { HandlerDescription } from "../../ports/store/handler-registry.ts";
import type { RequestBinding } from "../../ports/store/requests.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { mapReadable } from "../../runtime/batch/map-readable.ts";

/** A fire that has advanced its job and whose run does not exist yet. */
export interface PendingFire {
  readonly runId: string;
  readonly entry: FireEntry;
  readonly jobVersion: number;
  readonly firedAt: Instant;
}

export interface StoredJob {
  job: Job;
  pending: readonly PendingFire[];
  /** By hash. `unusedSince`: when a sweep first found that nothing uses it. */
  readonly definitions: Map<string, { readonly definition: JobDefinition; unusedSince: Instant | null }>;
}

export interface StoredRun extends RunRecord {
  readonly definitionHash: string;
  readonly definition: JobDefinition;
  readonly announced: boolean;
}

/** The state that all ports of one store share. Every method works on it synchronously, so no reader sees half a write. */
export interface MemoryState {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly onUnreadable: OnUnreadable;
  /** By uid, with the tombstones. */
  readonly jobs: Map<string, StoredJob>;
  /** By id, in the order in which they were made. */
  readonly runs: Map<string, StoredRun>;
  /** Those of them that have not ended, by the uid of their job: an overlap policy reads them at each claim and end. */
  readonly openRuns: Map<string, Map<string, StoredRun>>;
  /** By id, in the order of their writes. */
  readonly outbox: Map<string, JobEvent>;
  readonly bindings: Map<string, RequestBinding>;
  readonly handlers: Map<string, HandlerDescription>;
  readonly leaders: Map<string, { readonly owner: string; readonly expiresAt: Instant }>;
  watermark: Instant;
  decidedAt: Instant;
  forgotten: { readonly runs: Instant; readonly jobs: Instant };
}

export const createMemoryState = (given: Pick<MemoryState, "clock" | "digest" | "onUnreadable">): MemoryState => ({
  ...given,
  jobs: new Map(),
  runs: new Map(),
  openRuns: new Map(),
  outbox: new Map(),
  bindings: new Map(),
  handlers: new Map(),
  leaders: new Map(),
  watermark: 0,
  decidedAt: 0,
  forgotten: { runs: 0, jobs: 0 },
});

/** Throws at a forbidden change of state. */
export function save({ runs, openRuns }: MemoryState, ...changed: readonly StoredRun[]): void {
  for (const run of changed) {
    const { state } = runs.get(run.runId) ?? run;
    if (state !== run.state && !canBecome(state, run.state))
      throw new AppError("internal", `run ${run.runId}: ${state} cannot become ${run.state}`);
    const ofJob = openRuns.get(run.jobUid) ?? new Map<string, StoredRun>();
    runs.set(run.runId, run);
    openRuns.set(run.jobUid, ofJob);
    if (run.standing === null) ofJob.delete(run.runId);
    else ofJob.set(run.runId, run);
    if (ofJob.size === 0) openRuns.delete(run.jobUid);
  }
}

/** Readable runs that have not ended, in the order in which they were made. */
export const openRunsIn = ({ runs }: MemoryState, shard: Shard, ...standings: readonly Standing[]): StoredRun[] =>
  [...runs.values()].filter(
    ({ standing, state, slot }) =>
      standing !== null && (standings.length === 0 || standings.includes(standing)) && RUN_STATES.includes(state) && isInShard(slot, shard),
  );

/** The run as it is published. Throws `store_corrupt` when its task cannot be read. */
export function readDueRun({ jobs }: MemoryState, run: StoredRun): DueRun {
  const stored = readDefinition(run.definition);
  if (stored.kind === "unreadable") throw new AppError("store_corrupt", `run ${run.runId}: ${stored.reason}`);
  return makeDueRun(
    { ...requireReadableRun(run), exclusive: isExclusive(run.overlap) },
    stored.definition,
    readLastRun(jobs.get(run.jobUid)),
  );
}

export const canBeRun = (state: MemoryState, run: StoredRun): boolean => evaluate(() => readDueRun(state, run)).kind === "evaluated";

/** Maps runs: unreadable ones are left out. */
export const readable = <Item>({ onUnreadable }: MemoryState, map: (run: StoredRun) => Item) =>
  ({ kind: "run", idOf: ({ runId }: StoredRun) => String(runId), map, onUnreadable }) as const;

/** The runs as they are announced. An unreadable run has ended too, but is left out. */
export const toEnded = (state: MemoryState, runs: readonly StoredRun[]): EndedRun[] => mapReadable(runs, readable(state, toEndedRun));

/** The job, checked like one read from a disk. Throws `store_corrupt`. */
export function readJob({ job, definitions }: StoredJob): Job {
  const stored = definitions.has(job.definitionHash) ? readDefinition(job.definition) : NO_DEFINITION;
  return checkedJob({ ...job, definition: usableDefinition(stored, () => knownDefinition(job)) }, stored);
}

/** Of a definition that is missing, completely or in part. */
export const knownDefinition = ({ id, definition }: Job): KnownOfDefinition =>
  readKnownParts(definition, { name: id, handler: "unknown", queue: "default" });

/** The last run that its job names, if it names one. */
export function readLastRun(stored: StoredJob | undefined): LastRun | null {
  const lastRun = stored?.job.lastRun ?? null;
  return isLastRun(lastRun) ? lastRun : null;
}

/** For sorting: by the first of these fields that differs. */
export const ascending =
  <Field extends string>(...fields: readonly Field[]) =>
  (left: Readonly<Record<Field, unknown>>, right: Readonly<Record<Field, unknown>>): number => {
    const field = fields.find((name) => left[name] !== right[name]);
    return field === undefined ? 0 : (left[field] as number) < (right[field] as number) ? -1 : 1;
  };
