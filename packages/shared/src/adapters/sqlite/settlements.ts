import { AppError } from "../../domain/app-error.ts";
import { attemptError } from "../../domain/run-error.ts";
import type { RunState } from "../../domain/run-state.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { SettleOutcome, Settlement } from "../../ports/run-claims.ts";
import type { ClaimMemory } from "./claim-memory.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import type { EndedKey } from "./endings.ts";
import type { OpenRun } from "./open-run.ts";
import { wakeNext } from "./overlap-waits.ts";
import { closeAttempt, endRun, readEnded } from "./run-ends.ts";
import { makeDueAgain } from "./run-waits.ts";
import { endedRunOf, isEnded } from "./run-view.ts";
import {
  type PacketReader,
  type PacketWriter,
  putJson,
  putNumber,
  putText,
  takeJson,
  takeNumber,
  takeText,
  takeTextOrNull,
} from "./wire.ts";

const KIND = { succeeded: 0, failed: 1, cancelled: 2, retry: 3, released: 4 } as const;
const END_STATES = [RUN_STATE.succeeded, RUN_STATE.failed, RUN_STATE.cancelled] as const;
const END_NAMES: Readonly<Record<string, RunState>> = { succeeded: "succeeded", failed: "failed", cancelled: "cancelled" };

const STALE = 0;
/** Ended just as the settlement says: whoever sent it knows the rest. */
const ENDED = 1;
/** Ended, with all that there is to say. */
const ENDED_IN_FULL = 2;
const RETRYING = 3;
const RELEASED = 4;
/** As `ENDED`, and a run that waited for this one is publishable. */
const ENDED_BEFORE_ANOTHER = 5;

export interface SettleCall {
  readonly settlements: readonly Settlement[];
  readonly now: number;
  readonly memory: ClaimMemory;
}

export function putSettlements(writer: PacketWriter, { settlements, now, memory }: SettleCall): void {
  putNumber(writer, now);
  putNumber(writer, settlements.length);
  for (const settlement of settlements) {
    const { runId, token, result, finishedAt } = settlement;
    putText(writer, runId);
    putText(writer, token);
    putNumber(writer, memory.knows(settlement) ? 1 : 0);
    putNumber(writer, finishedAt);
    putNumber(writer, KIND[result.kind]);
    if (result.kind === "succeeded") putText(writer, result.output === null ? null : JSON.stringify(result.output));
    else if (result.kind === "failed" || result.kind === "retry") putText(writer, JSON.stringify(attemptError(result.error, result.stack)));
    if (result.kind === "retry") putNumber(writer, result.retryDelayMs);
  }
}

export const takeSettleOutcomes = (reader: PacketReader, { settlements, memory }: SettleCall): SettleOutcome[] =>
  settlements.map((settlement) => takeOutcome(reader, settlement, memory));

function takeOutcome(reader: PacketReader, settlement: Settlement, memory: ClaimMemory): SettleOutcome {
  const code = takeNumber(reader);
  if (code === ENDED) return { kind: "ended", run: endedAsKnown(settlement, memory) };
  if (code === STALE) {
    memory.forget(settlement.runId);
    return { kind: "stale" };
  }
  const queue = takeTextOrNull(reader);
  const ready = queue === null ? {} : { ready: queue };
  if (code === ENDED_BEFORE_ANOTHER) return { kind: "ended", run: endedAsKnown(settlement, memory), ...ready };
  memory.forget(settlement.runId);
  if (code === ENDED_IN_FULL) return { kind: "ended", run: takeJson<EndedRun>(reader), ...ready };
  if (code === RETRYING) return { kind: "retrying", retryAt: takeNumber(reader), ...ready };
  return { kind: "released", ...ready };
}

function endedAsKnown(settlement: Settlement, memory: ClaimMemory): EndedRun {
  const state = END_NAMES[settlement.result.kind];
  const run = state === undefined ? null : memory.ended(settlement, state);
  if (run === null) throw new AppError("internal", `settle ${settlement.runId}: the claim is not known any more`);
  return run;
}

/** A settlement as it was read. Output and error are JSON. */
interface Settled {
  readonly runId: string;
  readonly token: string;
  readonly known: boolean;
  readonly finishedAt: number;
  readonly kind: number;
  readonly output: string | null;
  readonly error: string | null;
  readonly retryDelayMs: number;
}

const takeSettled = (reader: PacketReader): Settled => {
  const runId = takeText(reader);
  const token = takeText(reader);
  const known = takeNumber(reader) === 1;
  const finishedAt = takeNumber(reader);
  const kind = takeNumber(reader);
  const output = kind === KIND.succeeded ? takeTextOrNull(reader) : null;
  const error = kind === KIND.failed || kind === KIND.retry ? takeTextOrNull(reader) : null;
  return { runId, token, known, finishedAt, kind, output, error, retryDelayMs: kind === KIND.retry ? takeNumber(reader) : 0 };
};

interface SettleContext {
  readonly now: number;
  readonly ended: EndedKey[];
  readonly writer: PacketWriter;
}

/** Compares and sets attempts by their token. */
export const openSettlements =
  (core: Core) =>
  (reader: PacketReader, writer: PacketWriter): void => {
    const context: SettleContext = { now: takeNumber(reader), ended: [], writer };
    for (let left = takeNumber(reader); left > 0; left -= 1) settleOne(core, takeSettled(reader), context);
    core.endings.add(context.ended, context.now);
  };

function settleOne(core: Core, settled: Settled, context: SettleContext): void {
  const run = core.open.byId.get(settled.runId);
  if (run === undefined) return answerEnded(core, settled, context.writer);
  if (run.token !== settled.token) return putNumber(context.writer, STALE);
  if (run.mode !== "none") return answerWaiting(run, context.writer);
  if (settled.kind <= KIND.cancelled) return finish(core, run, { settled, context });
  if (run.extra?.cancelRequested === true) return cancel(core, run, { settled, context });
  if (settled.kind === KIND.retry) return retry(core, run, { settled, context });
  release(core, run, { settled, context });
}

/** The run has ended: repeating the settlement that ended it is answered as the first time. */
function answerEnded(core: Core, { runId, token }: Settled, writer: PacketWriter): void {
  const runKey = core.ids.find(runId);
  const row = runKey === 0 ? null : core.readRun(runKey);
  if (row === null || !isEnded(row) || row.token !== token) return putNumber(writer, STALE);
  putOutcome(writer, ENDED_IN_FULL);
  putJson(writer, endedRunOf(row));
}

/** The attempt was given back by this very settlement. */
function answerWaiting({ extra, mode }: OpenRun, writer: PacketWriter): void {
  const last = extra?.attempts?.at(-1);
  if (last?.state !== "failed") return putOutcome(writer, RELEASED);
  putOutcome(writer, RETRYING);
  putNumber(writer, (mode === "retrying" ? extra?.wakeAt : null) ?? last.finishedAt ?? 0);
}

/** `next`: the runs that waited for this one to end. */
function putOutcome(writer: PacketWriter, code: number, next: readonly OpenRun[] = []): void {
  putNumber(writer, code);
  putText(writer, next.at(-1)?.traits.queue ?? null);
}

interface Step {
  readonly settled: Settled;
  readonly context: SettleContext;
}

function finish(core: Core, run: OpenRun, { settled, context }: Step): void {
  const { kind, finishedAt, output, error } = settled;
  core.rows.finish(run, { state: END_STATES[kind] as number, finishedAt, output, error });
  core.open.end(run);
  context.ended.push(run);
  const next = wakeNext(core, run);
  if (settled.known && next.length === 0) return putNumber(context.writer, ENDED);
  putOutcome(context.writer, settled.known ? ENDED_BEFORE_ANOTHER : ENDED_IN_FULL, next);
  if (!settled.known) putJson(context.writer, readEnded(core, run));
}

/** It was to be cancelled, so it is neither tried again nor given to another. */
function cancel(core: Core, run: OpenRun, { settled, context }: Step): void {
  const { finishedAt, error } = settled;
  closeAttempt(core, run, { state: settled.kind === KIND.retry ? "failed" : "released", finishedAt, error });
  endRun(core, run, { state: RUN_STATE.cancelled, finishedAt, output: null, error, reason: null });
  context.ended.push(run);
  putOutcome(context.writer, ENDED_IN_FULL, wakeNext(core, run));
  putJson(context.writer, readEnded(core, run));
}

function retry(core: Core, run: OpenRun, { settled, context }: Step): void {
  const wakeAt = context.now + settled.retryDelayMs;
  closeAttempt(core, run, { state: "failed", finishedAt: settled.finishedAt, error: settled.error });
  run.extra = { ...run.extra, failures: (run.extra?.failures ?? 0) + 1, wakeAt };
  run.parked = true;
  core.rows.save(run, RUN_STATE.retrying);
  core.rows.fail(run, settled.error);
  core.open.wait(run, "retrying", wakeAt);
  putOutcome(context.writer, RETRYING, wakeNext(core, run));
  putNumber(context.writer, wakeAt);
}

function release(core: Core, run: OpenRun, { settled, context }: Step): void {
  closeAttempt(core, run, { state: "released", finishedAt: settled.finishedAt, error: null });
  makeDueAgain(core, run, context.now);
  putOutcome(context.writer, RELEASED, wakeNext(core, run));
}
