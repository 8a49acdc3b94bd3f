import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import { type ColdCalls, type HotCall, openColdCalls, openHotCalls } from "./calls.ts";
import { type Core, loadCore } from "./core.ts";
import { storeFault } from "./faults.ts";
import { HOT_CALLS } from "./hot-names.ts";
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

interface TurnState {
  readonly db: DatabaseSync;
  readonly incarnation: number;
  /** Null after a fault: what memory holds may be more than what the file holds, so it is read anew. */
  loaded: Loaded | null;
}

export function createTurns(db: DatabaseSync, incarnation: number): Turns {
  const state: TurnState = { db, incarnation, loaded: null };
  load(state);
  const total = db.prepare("SELECT total_changes() AS changes");
  const changes = (): number => Number(total.get()?.["changes"]);
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
  };
}

function load(state: TurnState): Loaded {
  if (state.loaded !== null) return state.loaded;
  const core = loadCore(state.db, state.incarnation);
  const hot = openHotCalls(core);
  return (state.loaded = { core, hot: HOT_CALLS.map((name) => hot[name]), cold: openColdCalls(core) });
}

/** What it throws has left nothing in the file, and nothing in memory. */
function inTransaction(state: TurnState, work: (loaded: Loaded) => void): void {
  try {
    const loaded = load(state);
    state.db.exec("BEGIN IMMEDIATE");
    work(loaded);
    state.db.exec("COMMIT");
  } catch (fault) {
    state.loaded = null;
    if (state.db.isTransaction) state.db.exec("ROLLBACK");
    throw storeFault(fault, "write to the store");
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
  const section = beginSection(writer, head.second, REFUSED);
  putFault(writer, storeFault(fault, "store"));
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

function perform(loaded: Loaded, { reader, head, writer, answers }: Performance): void {
  const section = beginSection(writer, head.second, ANSWERED);
  if (head.first === COLD_CALL) {
    const result = callCold(loaded.cold, reader);
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

function callCold(cold: ColdCalls, reader: PacketReader): unknown {
  const name = takeText(reader) as keyof ColdCalls;
  const call = cold[name] as (argument: unknown) => unknown;
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
