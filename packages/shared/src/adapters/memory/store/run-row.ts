import { makeDueRun, type ComparedField, type DueRun } from "../../../domain/due-run.ts";
import type { FireEntry } from "../../../domain/fire.ts";
import type { Instant } from "../../../domain/instant.ts";
import {
  identifyRun,
  pickLastRun,
  pickRunOutcome,
  type LastRun,
  type Run,
  type RunIdentity,
  type RunOrigin,
  type RunOutcome,
} from "../../../domain/run.ts";
import { isExclusive as isExclusivePolicy } from "../../../domain/overlap.ts";
import { isTerminal } from "../../../domain/run-state.ts";
import { AppError } from "../../../domain/app-error.ts";
import { readDefinition } from "../../../domain/stored-definition.ts";
import { readError, requireReadableRun } from "../../../domain/stored-run.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import type { SettleOutcome } from "../../../ports/run-claims.ts";
import type { LeaseView } from "../../../ports/run-leases.ts";

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** The lease of a running attempt; null when nobody holds one. */
export interface RowLease {
  readonly token: string;
  readonly leaseMs: number;
  readonly expiresAt: Instant;
}

/** A `due` run: waits to be published, was published, or was put aside until `wakeAt`. */
export type Standing = "publishable" | "published" | "deferred";

/** A run as the store keeps it. Changed by the functions of `run-changes.ts` alone, and saved in the table after it. */
export interface RunRow extends Mutable<Omit<Run, Exclude<keyof RunIdentity, "runId" | "cause" | "scheduledFor">>> {
  readonly origin: RunOrigin;
  readonly entry: FireEntry;
  readonly firedAt: Instant;
  failures: number;
  rescues: number;
  standing: Standing;
  /** When it became due, this time. */
  dueAt: Instant;
  /** When it was put aside last, to wait for another run of its job; 0: never. */
  asideAt: Instant;
  /** The wait of the latest publication, which the next one doubles; null before the first. */
  repeatMs: number | null;
  /** The same for another run of its job, until it starts. */
  waitMs: number | null;
  lease: RowLease | null;
  /** The latest settlement, so that repeating it can be answered as the first time. */
  settled: { readonly token: string; readonly outcome: SettleOutcome } | null;
  /** When it ended, by the store; null while it is open. */
  settledAt: Instant | null;
  announced: boolean;
}

export const newRunRow = (origin: RunOrigin, { runId, entry, firedAt }: { runId: string; entry: FireEntry; firedAt: Instant }): RunRow => ({
  origin,
  entry,
  firedAt,
  runId,
  cause: entry.cause,
  scheduledFor: entry.scheduledFor,
  count: entry.count,
  scheduledForLast: entry.scheduledForLast,
  state: entry.state,
  reason: entry.reason,
  attempt: 1,
  attempts: [],
  firstStartedAt: null,
  startedAt: null,
  finishedAt: isTerminal(entry.state) ? firedAt : null,
  output: null,
  error: null,
  retryOf: entry.retryOf,
  cancelRequested: false,
  cancel: null,
  wakeAt: null,
  failures: 0,
  rescues: 0,
  standing: "publishable",
  dueAt: firedAt,
  asideAt: 0,
  repeatMs: null,
  waitMs: null,
  lease: null,
  settled: null,
  settledAt: isTerminal(entry.state) ? firedAt : null,
  announced: false,
});

/** The first instant at which a run that was never started has waited too long; null: it may wait for ever. */
export const expiryOf = ({ origin, state, firstStartedAt, scheduledFor }: RunRow): Instant | null =>
  state === "due" && firstStartedAt === null && origin.definition.expireAfterMs !== null
    ? scheduledFor + origin.definition.expireAfterMs + 1
    : null;

/** Its overlap policy lets no other run of the job be in progress beside it. */
export const isExclusive = ({ origin }: RunRow): boolean => isExclusivePolicy(origin.definition.overlap);

/** It was put aside until another run of its job ends. */
export const waitsForAnother = (row: RunRow): boolean =>
  row.state === "due" && row.standing === "deferred" && row.reason === "overlap" && isExclusive(row);

/** It was put aside until executors have its handler: no time wakes it. */
export const isForUnknownHandler = ({ standing, reason }: RunRow): boolean => standing === "deferred" && reason === "unknown_handler";

const earliest = (left: Instant | null, right: Instant | null): Instant | null =>
  left === null || right === null ? (left ?? right) : Math.min(left, right);

const identityOf = (row: RunRow): RunIdentity => identifyRun(row.origin, row);

const readableIdentityOf = (row: RunRow): RunIdentity => {
  const identity = identityOf(row);
  requireReadableRun({ ...row, ...identity });
  return identity;
};

/** What a message must say of it. */
export const comparedOf = (row: RunRow): Pick<DueRun, ComparedField> => ({
  ...identityOf(row),
  slot: row.origin.slot,
  failures: row.failures,
  rescues: row.rescues,
});

/** How a page of runs is mapped: one that cannot be read is left out. */
export const asReadable = <Item>(map: (row: RunRow) => Item, onUnreadable: OnUnreadable) =>
  ({ kind: "run", idOf: ({ runId }: RunRow) => String(runId), map, onUnreadable }) as const;

/** Throws `store_corrupt`, as do the others. */
const outcomeOf = (row: RunRow): RunOutcome => pickRunOutcome({ ...row, ...readableIdentityOf(row), error: readError(row.error, false) });

/** What its history shows of it. */
export const runOf = (row: RunRow): Run => ({
  ...outcomeOf(row),
  attempts: row.attempts,
  firstStartedAt: row.firstStartedAt,
  retryOf: row.retryOf,
  cancelRequested: row.cancelRequested,
  cancel: row.cancel,
  wakeAt: earliest(row.wakeAt, expiryOf(row)),
});

export const endedRunOf = (row: RunRow): EndedRun => ({ ...outcomeOf(row), finishedAt: row.finishedAt ?? 0 }); // An ended run always has one.

export const lastRunOf = (row: RunRow): LastRun => pickLastRun(outcomeOf(row));

/** What an executor needs to run it; `lastRun` is the job's at present. */
export const dueRunOf = (row: RunRow, lastRun: LastRun | null): DueRun => {
  const { definition, slot } = row.origin;
  const stored = readDefinition(definition);
  if (stored.kind === "unreadable") throw new AppError("store_corrupt", `run ${row.runId}: ${stored.reason}`);
  return makeDueRun({ ...row, ...readableIdentityOf(row), slot, exclusive: isExclusive(row) }, definition, lastRun);
};

export const leaseViewOf = (row: RunRow, lease: RowLease): LeaseView => ({
  runId: row.runId,
  handler: row.origin.definition.handler,
  attempt: row.attempt,
  rescues: row.rescues,
  leaseMs: lease.leaseMs,
  expiresAt: lease.expiresAt,
  ownerGone: false,
  onUncertain: row.origin.definition.onUncertain,
  cancelRequested: row.cancelRequested,
});
