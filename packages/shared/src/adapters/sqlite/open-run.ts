import type { RunCancel } from "../../domain/cancel.ts";
import type { Attempt } from "../../domain/run.ts";
import type { Reason } from "../../domain/reason.ts";
import { isExclusive, type OverlapSibling } from "../../domain/overlap.ts";
import type { Traits } from "./traits.ts";

/** What is rarely there, as one JSON column: most runs have none of it, and their rows stay narrow. */
export interface RunExtra {
  /** When the fire made it, for runs that were not claimed by that fire. */
  firedAt?: number;
  /** When it became due, this time; absent: at `firedAt`. */
  dueAt?: number;
  /** Start of the first attempt, once there is a second. */
  firstStartedAt?: number;
  failures?: number;
  rescues?: number;
  wakeAt?: number;
  /** How long it waits for another run of its job until it is looked at again; the next such wait is twice as long. Milliseconds. */
  waitMs?: number;
  reason?: Reason;
  cancelRequested?: true;
  /** Who asked for a cancel first; absent where a version before this one noted the request. */
  cancel?: RunCancel;
  count?: number;
  scheduledForLast?: number;
  retryOf?: string;
  /** Attempts that are over, but for the one that ended the run in the usual way. */
  attempts?: Attempt[];
}

/**
 * - `ready`: due and publishable. `published`: due, handed to the bus. `deferred`: due, put aside until `wakeAt` or, for want of a handler, until it is resumed.
 * - `retrying`: until `wakeAt`. `none`: running.
 */
export type WaitMode = "none" | "ready" | "published" | "deferred" | "retrying";

export type Contends = OverlapSibling["standing"];

/** A run that has not ended, in memory: a mirror of its row, and what need not outlive the process. */
export interface OpenRun {
  readonly runKey: number;
  readonly runId: string;
  readonly jobKey: number;
  readonly definitionKey: number;
  readonly traits: Traits;
  readonly slot: number;
  readonly scheduledFor: number;
  attempt: number;
  /** The latest token, also when the attempt it stood for was given back; null: nobody's result counts. */
  token: string | null;
  /** Who runs the present attempt; null: nobody. */
  ownerKey: number | null;
  startedAt: number | null;
  /** The row is in the index of runs to be found after a crash. */
  parked: boolean;
  extra: RunExtra | null;
  mode: WaitMode;
  /** How it stands among the runs that contend for the lock of its job; null: it does not. Kept by `ContendingRuns` alone. */
  contends: Contends | null;
  /** When it was put aside last in this process, to wait for another run of its job; 0: never. */
  asideAt: number;
  /** When its publication is repeated: known to this process alone. */
  repeatAt: number;
  repeatMs: number;
  /** It stands in the list of its queue, valid or not. */
  listed: boolean;
}

type RunIdentity = Pick<OpenRun, "runKey" | "runId" | "jobKey" | "definitionKey" | "scheduledFor">;

/** A run just fired that nobody has claimed. */
export const newOpenRun = (
  { runKey, runId, jobKey, definitionKey, scheduledFor }: RunIdentity,
  { traits, slot, extra }: { readonly traits: Traits; readonly slot: number; readonly extra: RunExtra | null },
): OpenRun => ({
  runKey,
  runId,
  jobKey,
  definitionKey,
  traits,
  slot,
  scheduledFor,
  attempt: 1,
  token: null,
  ownerKey: null,
  startedAt: null,
  parked: true,
  extra,
  mode: "none",
  contends: null,
  asideAt: 0,
  repeatAt: 0,
  repeatMs: 0,
  listed: false,
});

/** It was put aside until executors have its handler: no time wakes it. */
export const isForUnknownHandler = ({ extra }: Pick<OpenRun, "extra">): boolean => extra?.reason === "unknown_handler";

export const firstStartOf = (run: { readonly extra: RunExtra | null; readonly startedAt: number | null }): number | null =>
  run.extra?.firstStartedAt ?? run.startedAt;

export const dueAtOf = ({ extra, scheduledFor }: OpenRun): number => extra?.dueAt ?? extra?.firedAt ?? scheduledFor;

/** It was put aside until another run of its job ends. */
export const waitsForAnother = ({ mode, extra, traits }: OpenRun): boolean =>
  mode === "deferred" && extra?.reason === "overlap" && isExclusive(traits.overlap);
