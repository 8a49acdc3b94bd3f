import { AppError } from "../../domain/app-error.ts";
import type { Reason } from "../../domain/reason.ts";
import { runIdOf } from "../../domain/run-id.ts";
import { sha256 } from "../system/digest.ts";
import { JOB_STATE, RUN_CAUSE, RUN_STATE, runCauseOf } from "./codes.ts";
import type { Core } from "./core.ts";
import type { EndedKey } from "./endings.ts";
import { FULL_ENTRY, putFired, putLost, putWon } from "./fire-call.ts";
import { createHistoryChain } from "./history-chain.ts";
import type { OpenRun, RunExtra } from "./open-run.ts";
import type { Owner } from "./owners.ts";
import type { Traits } from "./traits.ts";
import { extraOf } from "./run-view.ts";
import { type PacketReader, type PacketWriter, putNumber, takeNullable, takeNumber, takeText, takeTextOrNull } from "./wire.ts";

/** What the entries of one call have in common. */
interface FireCall {
  readonly now: number;
  readonly owner: Owner | null;
  readonly token: string;
  readonly ended: EndedKey[];
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

interface Cursor {
  readonly expected: number | null;
  readonly nextRunAt: number | null;
  readonly lastScheduledFor: number | null;
  readonly firedCount: number;
  readonly state: number;
  readonly misfires: string | null;
}

/** Fires: compares and sets jobs, creates their runs, and claims some of them, all in the transaction of the call. */
export function openFires(core: Core): (reader: PacketReader, writer: PacketWriter) => void {
  const { db, jobs, due, ids, open, owners, rows, traits, endings } = core;
  const chain = createHistoryChain(core);
  const advance = db.prepare(
    `UPDATE cursors SET next_run_at = ?, last_scheduled_for = ?, fired_count = ?, state = ?, misfires = ?, head = ?, head_at = ?
     WHERE job_key = ?`,
  );
  const moveHead = db.prepare("UPDATE cursors SET head = ?, head_at = ? WHERE job_key = ?");
  const definition = db.prepare("SELECT definition_key, traits_key FROM definitions WHERE job_key = ? AND hash = ?");

  function definitionOf(jobKey: number, hash: string | null): { readonly definitionKey: number; readonly traits: Traits } {
    if (hash === null) return { definitionKey: jobs.definitionKey[jobKey] as number, traits: traits.get(jobs.traitsKey[jobKey] as number) };
    const row = definition.get(jobKey, hash);
    if (row === undefined) throw new AppError("internal", `fire ${jobs.uids.uidOf(jobKey)}: no definition ${hash}`);
    return { definitionKey: row["definition_key"] as number, traits: traits.get(row["traits_key"] as number) };
  }
  /** Null: the cursor stands elsewhere. */
  function wins(jobKey: number, version: number, cursor: Cursor | null): boolean {
    if (jobKey === 0 || jobs.version[jobKey] !== version || (jobs.state[jobKey] as number) >= JOB_STATE.deleted) return false;
    if (cursor === null) return true;
    const nextRunAt = jobs.nextRunAt[jobKey] as number;
    return jobs.state[jobKey] === JOB_STATE.active && (cursor.expected === null ? Number.isNaN(nextRunAt) : nextRunAt === cursor.expected);
  }
  function save(jobKey: number, cursor: Cursor | null): void {
    const headAt = jobs.headAt[jobKey] as number;
    const [head, at] = [jobs.head[jobKey] as number, Number.isNaN(headAt) ? null : headAt];
    if (cursor === null) {
      moveHead.run(head, at, jobKey);
      return;
    }
    advance.run(
      cursor.nextRunAt,
      cursor.lastScheduledFor,
      cursor.firedCount,
      cursor.state,
      cursor.misfires,
      head,
      at,
      jobKey,
    );
    jobs.nextRunAt[jobKey] = cursor.nextRunAt ?? Number.NaN;
    jobs.state[jobKey] = cursor.state;
    due.moved(jobKey);
  }
  function answerExisting(writer: PacketWriter, runId: string, runKey: number): void {
    const row = core.readRun(runKey);
    if (row === null) throw new AppError("store_corrupt", `run ${runId}: its row is gone`);
    putFired(writer, runId, { state: row["state"] as number, claimed: false, reason: extraOf(row)?.reason ?? null });
  }
  /** Creates the run of an entry. Returns true if the claimant has it now. */
  function create(writer: PacketWriter, jobKey: number, { entry, call, claim }: { entry: Entry; call: FireCall; claim: boolean }): boolean {
    const { scheduledFor, cause, extra } = entry;
    const jobUid = jobs.uids.uidOf(jobKey);
    const runId = runIdOf(sha256, { jobUid, cause: runCauseOf(cause), scheduledFor, key: entry.key });
    const existing = ids.find(runId);
    if (existing !== 0) {
      answerExisting(writer, runId, existing);
      return false;
    }
    const { definitionKey, traits: runTraits } = definitionOf(jobKey, entry.definitionHash);
    const runKey = ids.add(runId);
    const prev = chain.enter(jobKey, { runKey, runId, scheduledFor });
    const row = { runKey, runId, jobKey, definitionKey, version: jobs.version[jobKey] as number, cause, scheduledFor, prev };
    const overlaps = claim && runTraits.exclusive && open.holderOf(jobKey) !== undefined;
    if (entry.state !== RUN_STATE.due || overlaps) {
      const state = overlaps ? RUN_STATE.skipped : entry.state;
      const reason = overlaps ? "overlap" : (extra?.reason ?? null);
      const all = { ...extra, ...(reason === null ? {} : { reason }), ...(overlaps ? { firedAt: call.now } : {}) };
      rows.insertEnded(row, { state, finishedAt: call.now, extra: all });
      call.ended.push(row);
      putFired(writer, runId, { state, claimed: false, reason });
      return false;
    }
    const { now, owner, token } = call;
    const claimed = claim && owner !== null;
    const run: OpenRun = {
      runKey,
      runId,
      jobKey,
      definitionKey,
      traits: runTraits,
      slot: jobs.slot[jobKey] as number,
      scheduledFor,
      attempt: 1,
      token: claimed ? token : null,
      ownerKey: claimed ? owner.ownerKey : null,
      startedAt: claimed ? now : null,
      parked: !claimed,
      extra: claimed ? extra : { ...extra, firedAt: now },
      mode: "none",
      repeatAt: 0,
      repeatMs: 0,
      listed: false,
    };
    open.add(run);
    if (claimed) {
      rows.insertRunning(row, { ownerKey: owner.ownerKey, token, startedAt: now });
      if (extra !== null) rows.save(run, RUN_STATE.running);
      open.lock(run);
    } else {
      rows.insertDue(row, run.extra ?? {});
      open.wait(run, "ready");
    }
    putFired(writer, runId, { state: claimed ? RUN_STATE.running : RUN_STATE.due, claimed, reason: null });
    return claimed;
  }
  function fireOne(reader: PacketReader, writer: PacketWriter, call: FireCall): void {
    const jobKey = jobs.uids.find(takeText(reader));
    const version = takeNumber(reader);
    let claim = takeNumber(reader) === 1;
    const cursor = takeNumber(reader) === 1 ? takeCursor(reader) : null;
    const won = wins(jobKey, version, cursor);
    let left = takeNumber(reader);
    if (won) putWon(writer, left);
    else putLost(writer);
    for (; left > 0; left -= 1) {
      const entry = takeEntry(reader);
      if (!won) continue;
      const first = claim && entry.state === RUN_STATE.due;
      create(writer, jobKey, { entry, call, claim: first });
      if (first) claim = false;
    }
    if (won) save(jobKey, cursor);
  }
  return (reader, writer) => {
    const now = takeNumber(reader);
    const claiming = takeNumber(reader) === 1;
    const executor = claiming ? takeText(reader) : "";
    const token = claiming ? takeText(reader) : "";
    const owner = claiming ? owners.intern(executor, takeNumber(reader)) : null;
    const call: FireCall = { now, owner, token, ended: [] };
    const fires = takeNumber(reader);
    putNumber(writer, fires);
    for (let fire = 0; fire < fires; fire += 1) fireOne(reader, writer, call);
    endings.add(call.ended, now);
  };
}

const takeCursor = (reader: PacketReader): Cursor => ({
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
