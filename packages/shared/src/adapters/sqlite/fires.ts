import type { StatementSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import type { Reason } from "../../domain/reason.ts";
import { runIdOf } from "../../domain/run-id.ts";
import { sha256 } from "../system/digest.ts";
import { JOB_STATE, RUN_CAUSE, RUN_STATE, runCauseOf } from "./codes.ts";
import type { Core } from "./core.ts";
import type { EndedKey } from "./endings.ts";
import { FULL_ENTRY, putExisting, putFired, putLost, putWon } from "./fire-call.ts";
import { openHistoryChain, type HistoryChain } from "./history-chain.ts";
import { newOpenRun, type RunExtra } from "./open-run.ts";
import { verdictOn } from "./overlap-waits.ts";
import type { Owner } from "./owners.ts";
import type { NewRun } from "./run-rows.ts";
import { refusal } from "./refusal.ts";
import type { Traits } from "./traits.ts";
import { type PacketReader, type PacketWriter, putNumber, takeNullable, takeNumber, takeText, takeTextOrNull } from "./wire.ts";

/** What the fires of one call have in common. */
interface FireCall {
  readonly now: number;
  /** Null: nobody claims. */
  readonly owner: Owner | null;
  readonly token: string;
  readonly ended: EndedKey[];
  readonly writer: PacketWriter;
}

interface Entry {
  readonly scheduledFor: number;
  readonly cause: number;
  readonly state: number;
  readonly key: string | null;
  readonly definitionHash: string | null;
  /** What only some runs have; null: nothing. */
  readonly extra: RunExtra | null;
}

/** Where a schedule goes on, and from where it must come. */
interface Advance {
  readonly expected: number | null;
  readonly nextRunAt: number | null;
  readonly lastScheduledFor: number | null;
  readonly firedCount: number;
  readonly state: number;
  readonly misfires: string | null;
}

interface FireDesk {
  readonly core: Core;
  readonly chain: HistoryChain;
  readonly advance: StatementSync;
  readonly moveHead: StatementSync;
  readonly definition: StatementSync;
}

/** Fires: compares and sets jobs, creates their runs, and claims some of them, all in the transaction of the call. */
export function openFires(core: Core): (reader: PacketReader, writer: PacketWriter) => void {
  const { db } = core;
  const desk: FireDesk = {
    core,
    chain: openHistoryChain(core),
    advance: db.prepare(
      `UPDATE cursors SET next_run_at = ?, last_scheduled_for = ?, fired_count = ?, state = ?, misfires = ?, head = ?, head_at = ?
       WHERE job_key = ?`,
    ),
    moveHead: db.prepare("UPDATE cursors SET head = ?, head_at = ? WHERE job_key = ?"),
    definition: db.prepare("SELECT definition_key, traits_key FROM definitions WHERE job_key = ? AND hash = ?"),
  };
  return (reader, writer) => {
    for (let named = takeNumber(reader); named > 0; named -= 1) requireDefinition(desk, takeText(reader), takeText(reader));
    const now = takeNumber(reader);
    const claiming = takeNumber(reader) === 1;
    const executor = claiming ? takeText(reader) : "";
    const token = claiming ? takeText(reader) : "";
    const owner = claiming ? core.owners.intern(executor, takeNumber(reader)) : null;
    const call: FireCall = { now, owner, token, ended: [], writer };
    const fires = takeNumber(reader);
    putNumber(writer, fires);
    for (let fire = 0; fire < fires; fire += 1) fireOne(desk, reader, call);
    core.endings.add(call.ended, now);
  };
}

/** A fire of a job that lives must name a definition that is there; any other creates nothing. */
function requireDefinition({ core, definition }: FireDesk, jobUid: string, hash: string): void {
  const jobKey = core.jobs.uids.find(jobUid);
  const lives = jobKey !== 0 && (core.jobs.state[jobKey] as number) < JOB_STATE.deleted;
  if (lives && definition.get(jobKey, hash) === undefined) throw refusal("internal", `fire ${jobUid}: no definition ${hash}`);
}

function fireOne(desk: FireDesk, reader: PacketReader, call: FireCall): void {
  const jobUid = takeText(reader);
  const jobKey = desk.core.jobs.uids.find(jobUid);
  const version = takeNumber(reader);
  let claim = takeNumber(reader) === 1;
  const advance = takeNumber(reader) === 1 ? takeAdvance(reader) : null;
  const won = wins(desk.core, jobKey, { version, advance });
  let left = takeNumber(reader);
  if (won) putWon(call.writer, left);
  else putLost(call.writer);
  for (; left > 0; left -= 1) {
    const entry = takeEntry(reader);
    if (!won) continue;
    const first = claim && entry.state === RUN_STATE.due;
    if (first) claim = false;
    createRun(desk, call, { jobUid, jobKey, entry, claim: first });
  }
  if (won) saveJob(desk, jobKey, advance);
}

/** The compare: against what is in memory, which is what is in the row. */
function wins(
  { jobs, traits }: Core,
  jobKey: number,
  { version, advance }: { readonly version: number; readonly advance: Advance | null },
): boolean {
  if (jobKey === 0 || jobs.version[jobKey] !== version || (jobs.state[jobKey] as number) >= JOB_STATE.deleted) return false;
  // Nobody knows what its runs would be for: refusing this one would fail those beside it.
  if (traits.find(jobs.traitsKey[jobKey] as number) === undefined) return false;
  if (advance === null) return true;
  const nextRunAt = jobs.nextRunAt[jobKey] as number;
  const asExpected = advance.expected === null ? Number.isNaN(nextRunAt) : nextRunAt === advance.expected;
  return asExpected && jobs.state[jobKey] === JOB_STATE.active;
}

/** The set. */
function saveJob({ core, advance: statement, moveHead }: FireDesk, jobKey: number, advance: Advance | null): void {
  const { jobs, due } = core;
  const head = jobs.head[jobKey] as number;
  const headAt = jobs.headAt[jobKey] as number;
  const at = Number.isNaN(headAt) ? null : headAt;
  if (advance === null) {
    moveHead.run(head, at, jobKey);
    return;
  }
  const { nextRunAt, lastScheduledFor, firedCount, state, misfires } = advance;
  statement.run(nextRunAt, lastScheduledFor, firedCount, state, misfires, head, at, jobKey);
  jobs.nextRunAt[jobKey] = nextRunAt ?? Number.NaN;
  jobs.state[jobKey] = state;
  due.moved(jobKey);
}

interface RunToCreate {
  readonly jobUid: string;
  readonly jobKey: number;
  readonly entry: Entry;
  /** The claimant of the call may have it. */
  readonly claim: boolean;
}

function createRun(desk: FireDesk, call: FireCall, { jobUid, jobKey, entry, claim }: RunToCreate): void {
  const { core, chain } = desk;
  const { jobs, ids } = core;
  const { scheduledFor, cause } = entry;
  const runId = runIdOf(sha256, { jobUid, cause: runCauseOf(cause), scheduledFor, key: entry.key });
  // A run of a later instant than any of the job cannot be there yet: mostly there is nothing to look for.
  const existing = chain.endsBefore(jobKey, scheduledFor) ? 0 : ids.find(runId);
  if (existing !== 0) return answerExisting(core, call.writer, { runId, runKey: existing });
  const { definitionKey, traits } = definitionOf(desk, jobKey, entry.definitionHash);
  const runKey = ids.add(runId);
  const prev = chain.enter(jobKey, { runKey, runId, scheduledFor });
  const row = {
    runKey,
    runId,
    jobKey,
    definitionKey,
    traitsKey: traits.traitsKey,
    version: jobs.version[jobKey] as number,
    cause,
    scheduledFor,
    prev,
  };
  if (entry.state !== RUN_STATE.due) return createEnded(core, call, { row, entry, traits });
  if (!claim || call.owner === null) return createDue(core, call, { row, entry, traits });
  const verdict = verdictOn(core, { runId, jobKey, scheduledFor, traits, startedAt: null, extra: null });
  switch (verdict.kind) {
    case "start":
      return createRunning(core, call, { row, entry, traits, owner: call.owner });
    case "skip": {
      const extra: RunExtra = { ...entry.extra, reason: verdict.reason };
      return createEnded(core, call, { row, entry: { ...entry, state: RUN_STATE.skipped, extra }, traits });
    }
    case "wait":
      // The claim that follows lets it wait.
      return createDue(core, call, { row, entry, traits });
  }
}

interface NewRunParts {
  readonly row: NewRun;
  readonly entry: Entry;
  readonly traits: Traits;
}

function createEnded({ rows }: Core, { now, ended, writer }: FireCall, { row, entry }: NewRunParts): void {
  const { state, extra } = entry;
  rows.insertEnded(row, { state, finishedAt: now, extra: extra ?? {} });
  ended.push(row);
  putFired(writer, row.runId, { state, claimed: false, reason: extra?.reason ?? null });
}

function createDue({ rows, open, jobs }: Core, { now, writer }: FireCall, { row, entry, traits }: NewRunParts): void {
  const extra = { ...entry.extra, firedAt: now };
  const run = newOpenRun(row, { traits, slot: jobs.slot[row.jobKey] as number, extra });
  rows.insertDue(row, extra);
  open.add(run);
  open.wait(run, "ready");
  putFired(writer, row.runId, { state: RUN_STATE.due, claimed: false, reason: null });
}

function createRunning(
  { rows, open, jobs }: Core,
  call: FireCall,
  { row, entry, traits, owner }: NewRunParts & { readonly owner: Owner },
): void {
  const { now, token, writer } = call;
  const run = newOpenRun(row, { traits, slot: jobs.slot[row.jobKey] as number, extra: entry.extra });
  run.token = token;
  run.ownerKey = owner.ownerKey;
  run.startedAt = now;
  run.parked = false;
  rows.insertRunning(row, { ownerKey: owner.ownerKey, token, startedAt: now });
  if (entry.extra !== null) rows.save(run, RUN_STATE.running);
  open.add(run);
  open.run(run);
  putFired(writer, row.runId, { state: RUN_STATE.running, claimed: true, reason: null });
}

/** An earlier fire of the same identity made it. */
function answerExisting(
  { readRun }: Core,
  writer: PacketWriter,
  { runId, runKey }: { readonly runId: string; readonly runKey: number },
): void {
  const row = readRun(runKey);
  if (row === null) throw new AppError("store_corrupt", `run ${runId}: its row is gone`);
  putExisting(writer, runId, { state: row.state, reason: row.extra?.reason ?? null });
}

function definitionOf(
  { core, definition }: FireDesk,
  jobKey: number,
  hash: string | null,
): { readonly definitionKey: number; readonly traits: Traits } {
  const { jobs, traits, spare } = core;
  const own = jobs.traitsKey[jobKey] as number;
  if (hash === null) return { definitionKey: jobs.definitionKey[jobKey] as number, traits: known(traits.find(own)) };
  const row = definition.get(jobKey, hash);
  if (row === undefined) throw new AppError("internal", `fire ${jobs.uids.uidOf(jobKey)}: no definition ${hash}`);
  spare.delete(row["definition_key"] as number);
  return { definitionKey: row["definition_key"] as number, traits: known(traits.find(row["traits_key"] as number)) };
}

function known(traits: Traits | undefined): Traits {
  if (traits === undefined) throw new AppError("store_corrupt", "the traits of a definition are not in the file");
  return traits;
}

const takeAdvance = (reader: PacketReader): Advance => ({
  expected: takeNullable(reader),
  nextRunAt: takeNullable(reader),
  lastScheduledFor: takeNullable(reader),
  firedCount: takeNumber(reader),
  state: takeNumber(reader),
  misfires: takeTextOrNull(reader),
});

function takeEntry(reader: PacketReader): Entry {
  const full = takeNumber(reader) === FULL_ENTRY;
  const scheduledFor = takeNumber(reader);
  if (!full) return { scheduledFor, cause: RUN_CAUSE.schedule, state: RUN_STATE.due, key: null, definitionHash: null, extra: null };
  const cause = takeNumber(reader);
  const count = takeNumber(reader);
  const scheduledForLast = takeNullable(reader);
  const state = takeNumber(reader);
  const reason = takeTextOrNull(reader) as Reason | null;
  const key = takeTextOrNull(reader);
  const definitionHash = takeTextOrNull(reader);
  const retryOf = takeTextOrNull(reader);
  const extra: RunExtra = {
    ...(count === 1 ? {} : { count }),
    ...(scheduledForLast === null ? {} : { scheduledForLast }),
    ...(reason === null ? {} : { reason }),
    ...(retryOf === null ? {} : { retryOf }),
  };
  return { scheduledFor, cause, state, key, definitionHash, extra: Object.keys(extra).length === 0 ? null : extra };
}
