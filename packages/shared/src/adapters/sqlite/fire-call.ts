import type { FireEntry } from "../../domain/fire.ts";
import type { FiredRun, FireOutcome, FireRequest, FireResult } from "../../ports/due-jobs.ts";
import { JOB_STATE, RUN_CAUSE, RUN_STATE, runStateOf } from "./codes.ts";
import { type PacketReader, type PacketWriter, putNullable, putNumber, putText, takeNumber, takeText, takeTextOrNull } from "./wire.ts";
import type { Reason } from "../../domain/reason.ts";

/**
 * A fire as it crosses to the store's thread: not the job, which is known there, but what its compare-and-set compares
 * and where its schedule goes on. `fires.ts` reads it in this order.
 */
export function putFire(writer: PacketWriter, { fires, now, claimant, claimed }: FireRequest): void {
  putNamed(writer, fires);
  putNumber(writer, now);
  putNumber(writer, claimant === null ? 0 : 1);
  if (claimant !== null) {
    putText(writer, claimant.executor);
    putText(writer, claimant.token);
    putNumber(writer, claimant.leaseMs);
  }
  const wanted = new Set(claimed);
  putNumber(writer, fires.length);
  for (let index = 0; index < fires.length; index += 1) {
    const { job, advance, entries } = fires[index] as FireRequest["fires"][number];
    putText(writer, job.uid);
    putNumber(writer, job.version);
    putNumber(writer, claimant !== null && wanted.has(index) ? 1 : 0);
    putNumber(writer, advance === null ? 0 : 1);
    if (advance !== null) {
      putNullable(writer, job.nextRunAt);
      putNullable(writer, advance.nextRunAt);
      putNullable(writer, advance.lastScheduledFor);
      putNumber(writer, advance.firedCount);
      putNumber(writer, JOB_STATE[advance.state]);
      putText(writer, advance.misfires === null ? null : JSON.stringify(advance.misfires));
    }
    putNumber(writer, entries.length);
    for (const entry of entries) putEntry(writer, entry, job.definitionHash);
  }
}

/** What is named by hash is looked for before anything is done, so that a fire that cannot be done costs nothing. */
function putNamed(writer: PacketWriter, fires: FireRequest["fires"]): void {
  const named: string[] = [];
  for (const { job, entries } of fires) {
    for (const { definitionHash } of entries) if (definitionHash !== job.definitionHash) named.push(job.uid, definitionHash);
  }
  putNumber(writer, named.length / 2);
  for (const text of named) putText(writer, text);
}

/** The usual entry, a due run of the schedule under the job's own definition, needs its instant alone. */
export const PLAIN_ENTRY = 0;
export const FULL_ENTRY = 1;

function putEntry(writer: PacketWriter, entry: FireEntry, jobHash: string): void {
  const own = entry.definitionHash === jobHash;
  const { cause, state, count, key, retryOf } = entry;
  const plain = own && cause === "schedule" && state === "due" && count === 1 && key === null && retryOf === null && entry.reason === null;
  putNumber(writer, plain ? PLAIN_ENTRY : FULL_ENTRY);
  putNumber(writer, entry.scheduledFor);
  if (plain) return;
  putNumber(writer, RUN_CAUSE[cause]);
  putNumber(writer, count);
  putNullable(writer, entry.scheduledForLast);
  putNumber(writer, RUN_STATE[state]);
  putText(writer, entry.reason);
  putText(writer, key);
  putText(writer, own ? null : entry.definitionHash);
  putText(writer, retryOf);
}

const LOST = -1;
const CLAIMED = 16;
const EXISTED = 32;

export function putLost(writer: PacketWriter): void {
  putNumber(writer, LOST);
}

/** Begins a won outcome of so many runs, each put by `putFired`. */
export const putWon = putNumber;

export function putFired(writer: PacketWriter, runId: string, fired: { state: number; claimed: boolean; reason: string | null }): void {
  putNumber(writer, fired.claimed ? fired.state + CLAIMED : fired.state);
  putText(writer, runId);
  putText(writer, fired.reason);
}

/** A run that an earlier fire of the same identity made. */
export function putExisting(writer: PacketWriter, runId: string, existing: { state: number; reason: string | null }): void {
  putNumber(writer, existing.state + EXISTED);
  putText(writer, runId);
  putText(writer, existing.reason);
}

/** Leases of claimed runs are ended by no clock: the process is the lease. */
export function takeFireResult(reader: PacketReader): FireResult {
  const outcomes: FireOutcome[] = [];
  for (let left = takeNumber(reader); left > 0; left -= 1) outcomes.push(takeOutcome(reader));
  return { outcomes, leaseMs: null };
}

function takeOutcome(reader: PacketReader): FireOutcome {
  const entries = takeNumber(reader);
  if (entries === LOST) return { kind: "lost" };
  const runs: FiredRun[] = [];
  for (let entry = 0; entry < entries; entry += 1) {
    const code = takeNumber(reader);
    const created = code < EXISTED;
    const claimed = created && code >= CLAIMED;
    const runId = takeText(reader);
    runs.push({ runId, state: runStateOf(code % CLAIMED), reason: takeTextOrNull(reader) as Reason | null, created, claimed });
  }
  return { kind: "won", runs };
}
