import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import { systemClock } from "../system/clock.ts";
import { type ColdCalls, type HotCall, openColdCalls, openHotCalls, READ_CALLS } from "./calls.ts";
import { type Core, loadCore } from "./core.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { storeFault } from "./faults.ts";
import { HOT_CALLS } from "./hot-names.ts";
import { isRefusal } from "./refusal.ts";
import { ANSWERED, COLD_CALL, putFault, REFUSED } from "./thread-messages.ts";
import {
  atEnd,
  beginSection,
  dropSection,
  endSection,
  type Packet,
  type PacketReader,
  packetReader,
  type PacketWriter,
  packetWriter,
  putJson,
  sealPacket,
  type Section,
  type SectionHead,
  skipTo,
  takeJson,
  takeSection,
  takeText,
} from "./wire.ts";

/** All that is done with the file, one turn after another. */
export interface Turns {
  /** Performs all calls of some packets in one transaction. True: it wrote, so the answers hold once that is on disk. */
  serve(packets: readonly Packet[], answers: Answers): boolean;
  /** Enters new runs into the index of ids, if there are any. */
  tidy(): void;
  readonly untidy: boolean;
  /** Writes what is there already, to find out whether writes are taken again. */
  probe(): void;
  /** Why the last write was refused by the disk, or by another program that holds the file; null: it was not. */
  readonly refusing: string | null;
}

export interface Answers {
  /** Takes an answer of this turn. */
  readonly now: (packet: Packet) => void;
  /** Takes the answer of a long read, some turns later. */
  readonly later: (packet: Packet) => void;
}

interface Loaded {
  readonly core: Core;
  readonly hot: readonly HotCall[];
  readonly cold: ColdCalls;
}

/**
 * The part of the time that reading the file anew may take while nothing can be written, at most one in this many: on a full
 * disk every write fails, and each would have all jobs and open runs read again.
 */
const REST_RATIO = 4;

interface TurnState {
  readonly db: DatabaseSync;
  readonly incarnation: number;
  readonly onUnreadable: OnUnreadable;
  /** Rows written since the file was opened. */
  readonly changes: () => number;
  /** Null after a fault: what memory holds may be more than what the file holds, so it is read anew. */
  loaded: Loaded | null;
  /** When it was last read, and how long that took, by the monotonic clock. */
  loadedMs: number;
  loadMs: number;
  /** The faults of a disk that takes nothing, since something was written; the latest of them. */
  unavailable: { readonly times: number; readonly latest: AppError } | null;
  refusing: string | null;
}

export function createTurns(db: DatabaseSync, { incarnation, onUnreadable }: Pick<TurnState, "incarnation" | "onUnreadable">): Turns {
  const total = db.prepare("SELECT total_changes() AS changes");
  const changes = (): number => Number(total.get()?.["changes"]);
  const state: TurnState = {
    db,
    incarnation,
    onUnreadable,
    changes,
    loaded: null,
    loadedMs: 0,
    loadMs: 0,
    unavailable: null,
    refusing: null,
  };
  load(state);
  return {
    serve(packets, answers) {
      const writer = packetWriter();
      const before = changes();
      try {
        inTransaction(state, (loaded) => {
          for (const packet of packets) performAll(loaded, packetReader(packet), { writer, answers });
          loaded.core.ids.flush(false);
        });
        if (writer.numbers.length > 0) answers.now(sealPacket(writer));
      } catch (fault) {
        serveFault(state, { packets, answers, fault });
      }
      return changes() !== before;
    },
    tidy: () => inTransaction(state, ({ core }) => void core.ids.flush(true)),
    get untidy() {
      return state.loaded !== null && state.loaded.core.ids.unindexed > 0;
    },
    probe: () => inTransaction(state, ({ core: { meta } }) => meta.set("incarnation", meta.get("incarnation"))),
    get refusing() {
      return state.refusing;
    },
  };
}

function load(state: TurnState): Loaded {
  if (state.loaded !== null) return state.loaded;
  const startedMs = systemClock.monotonicMs();
  const { unavailable, loadedMs, loadMs } = state;
  // The first fault may be a passing one.
  if (unavailable !== null && unavailable.times > 1 && startedMs < loadedMs + REST_RATIO * loadMs) throw unavailable.latest;
  try {
    const core = loadCore(state.db, state);
    const hot = openHotCalls(core);
    return (state.loaded = { core, hot: HOT_CALLS.map((called) => hot[called]), cold: openColdCalls(core) });
  } finally {
    state.loadedMs = systemClock.monotonicMs();
    state.loadMs = state.loadedMs - startedMs;
  }
}

function tryTo<Result>(deed: string, act: () => Result): Result {
  try {
    return act();
  } catch (fault) {
    throw storeFault(fault, deed);
  }
}

function inTransaction(state: TurnState, work: (loaded: Loaded) => void): void {
  try {
    transact(state, work);
  } catch (fault) {
    if (fault instanceof AppError && fault.code === "store_unavailable") state.refusing = fault.message;
    throw fault;
  }
}

/** What it throws has left nothing in the file, and nothing in memory. */
function transact(state: TurnState, work: (loaded: Loaded) => void): void {
  const { db, changes } = state;
  const loaded = tryTo("read the store", () => load(state));
  const before = changes();
  // Where a transaction cannot even begin, memory is still what the file is.
  tryTo("write to the store", () => db.exec("BEGIN IMMEDIATE"));
  try {
    work(loaded);
    db.exec("COMMIT");
    if (changes() !== before) state.unavailable = state.refusing = null;
  } catch (cause) {
    state.loaded = null;
    if (db.isTransaction) db.exec("ROLLBACK");
    const fault = storeFault(cause, "write to the store");
    if (fault.code === "store_unavailable") state.unavailable = { times: (state.unavailable?.times ?? 0) + 1, latest: fault };
    throw fault;
  }
}

interface TurnFault {
  readonly packets: readonly Packet[];
  readonly answers: Answers;
  readonly fault: unknown;
}

/** If the disk is the trouble, all calls of the turn fail. If one call is, the others must not fail with it. */
function serveFault(state: TurnState, { packets, answers, fault }: TurnFault): void {
  const whole = fault instanceof AppError && fault.code === "store_unavailable" ? fault : null;
  for (const packet of packets) {
    const reader = packetReader(packet);
    while (!atEnd(reader)) {
      const head = takeSection(reader);
      const writer = packetWriter();
      try {
        if (whole !== null) throw whole;
        inTransaction(state, (loaded) => perform(loaded, { reader, head, writer, answers }));
      } catch (own) {
        refuse(writer, { head, fault: own });
      }
      skipTo(reader, head);
      if (writer.numbers.length > 0) answers.now(sealPacket(writer));
    }
  }
}

function refuse(writer: PacketWriter, { head, fault }: { readonly head: SectionHead; readonly fault: unknown }): void {
  writer.numbers.length = 0;
  writer.texts.length = 0;
  writer.chars = 0;
  putRefusal(writer, head, storeFault(fault, "store"));
}

function putRefusal(writer: PacketWriter, { second }: SectionHead, fault: AppError): void {
  const section = beginSection(writer, second, REFUSED);
  putFault(writer, fault);
  endSection(writer, section);
}

function performAll(
  loaded: Loaded,
  reader: PacketReader,
  { writer, answers }: { readonly writer: PacketWriter; readonly answers: Answers },
): void {
  while (!atEnd(reader)) {
    const head = takeSection(reader);
    perform(loaded, { reader, head, writer, answers });
    skipTo(reader, head);
  }
}

interface Performance {
  readonly reader: PacketReader;
  readonly head: SectionHead;
  readonly writer: PacketWriter;
  readonly answers: Answers;
}

/** A call that fails and has changed nothing is refused, and the turn goes on. */
function perform(loaded: Loaded, { reader, head, writer, answers }: Performance): void {
  const section = beginSection(writer, head.second, ANSWERED);
  const name = head.first === COLD_CALL ? takeText(reader) : (HOT_CALLS[head.first] ?? "");
  try {
    performNamed(loaded, { reader, head, writer, answers, name, section });
  } catch (cause) {
    const fault = storeFault(cause, name);
    if (!isHarmless(loaded, name, fault)) throw fault;
    dropSection(writer, section);
    putRefusal(writer, head, fault);
  }
}

/** SQLite itself ends the transaction at some faults, and then what others wrote in it is gone too. */
const isHarmless = ({ core }: Loaded, name: string, fault: AppError): boolean =>
  (READ_CALLS.has(name) || isRefusal(fault)) && fault.code !== "store_unavailable" && core.db.isTransaction;

interface NamedPerformance extends Performance {
  readonly name: string;
  readonly section: Section;
}

function performNamed(loaded: Loaded, { reader, head, writer, answers, name, section }: NamedPerformance): void {
  if (head.first === COLD_CALL) {
    const result = callCold(loaded.cold, name, reader);
    if (result instanceof Promise) {
      dropSection(writer, section);
      void answerLater(result, head, answers);
      return;
    }
    putJson(writer, result);
  } else {
    const call = loaded.hot[head.first];
    if (call === undefined) throw new AppError("internal", `no call ${head.first}`);
    call(reader, writer);
  }
  endSection(writer, section);
}

function callCold(cold: ColdCalls, name: string, reader: PacketReader): unknown {
  const call = cold[name as keyof ColdCalls] as (argument: unknown) => unknown;
  return call(takeJson(reader));
}

/** Long reads give way to others between their steps. */
async function answerLater(result: Promise<unknown>, head: SectionHead, { later }: Answers): Promise<void> {
  const writer = packetWriter();
  try {
    const value = await result;
    const section = beginSection(writer, head.second, ANSWERED);
    putJson(writer, value);
    endSection(writer, section);
  } catch (fault) {
    refuse(writer, { head, fault });
  }
  later(sealPacket(writer));
}
