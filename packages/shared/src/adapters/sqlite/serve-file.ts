import type { DatabaseSync } from "node:sqlite";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Timer } from "../../ports/clock.ts";
import type { OnUnreadable, UnreadableRow } from "../../ports/unreadable.ts";
import { systemClock } from "../system/clock.ts";
import { beginIncarnation } from "./core.ts";
import { MEMORY_FILE, openWriter, syncBySelf } from "./database.ts";
import { type DiskSync, noDiskSync, openDiskSync } from "./disk-sync.ts";
import { keepMark, type MarkKeeper, noMark } from "./mark-keeper.ts";
import { openFault } from "./open-fault.ts";
import type { FromThread, ThreadData, ToThread } from "./thread-messages.ts";
import { createTurns, type Turns } from "./turn.ts";
import type { Packet } from "./wire.ts";

/** New runs are entered into the index of ids when nothing was asked for this long. Milliseconds. */
const IDLE_MS = 100;
/** While writes are refused, one is tried so often. Milliseconds. */
const PROBE_MS = 5_000;
/** While the disk is busy, calls are gathered until they are this much, in numbers and eighths of characters: some 300 runs. */
const GATHERED_MAX = 8_000;

/** What the store's thread does: gathers calls, performs them in turns, and answers when they are on disk. */
export function serveFile(port: MessagePort, data: ThreadData): void {
  try {
    serveOpened(port, data);
  } catch (fault) {
    const { code, message, retryable } = openFault(fault, data.file);
    send(port, { failed: { code, message, retryable } });
    port.close();
  }
}

function serveOpened(port: MessagePort, { file, pagesMax }: ThreadData): void {
  const db = openWriter(file, { pagesMax });
  const unreadable = createUnreadablePost(port);
  const turns = createTurns(db, { incarnation: beginIncarnation(db), onUnreadable: unreadable.tell });
  const mark = file === MEMORY_FILE ? noMark : keepMark(db, { file, clock: systemClock, sync: () => disk.afterSync(() => undefined) });
  const refusals = createRefusalWatch(port, turns);
  const disk = file === MEMORY_FILE ? noDiskSync : openLog(file, mark);
  if (file !== MEMORY_FILE) syncBySelf(db);
  let gathered: Gathered = { packets: [], size: 0 };
  let closing = false;
  let idle: Timer | null = null;

  const post = (message: FromThread): void => send(port, message);
  function serve(): void {
    if (gathered.packets.length === 0) return;
    const { packets } = gathered;
    gathered = { packets: [], size: 0 };
    const answers: Packet[] = [];
    const wrote = turns.serve(packets, { now: (packet) => answers.push(packet), later: post });
    const answer = (): void => answers.forEach(post);
    refusals.look();
    // What a turn has only read may be another's commit that is not on disk yet: nothing is said before it is.
    if (wrote || disk.busy) disk.afterSync(answer);
    else answer();
    if (idle === null && turns.untidy) idle = systemClock.setTimer(IDLE_MS, tidy);
  }
  function tidy(): void {
    idle = null;
    try {
      if (turns.untidy) turns.tidy();
    } catch {
      // The next call meets the same fault, and answers with it.
    }
  }
  function close(): void {
    // A sync may have begun for what was committed during the last one; its answers go first.
    if (disk.busy) return disk.whenIdle(close);
    idle?.cancel();
    refusals.close();
    tidy();
    disk.close();
    closeMarked(db, mark);
    post({ closed: true });
    port.close();
  }
  /** Takes all that has come meanwhile into one turn: the more there is to do, the less each call costs. */
  port.on("message", (first: ToThread) => {
    for (let message: ToThread | undefined = first; message !== undefined; message = nextMessage(port)) {
      if ("close" in message) closing = true;
      else gather(gathered, message);
    }
    if (closing) {
      serve();
      disk.whenIdle(close);
    } else if (disk.busy && gathered.size < GATHERED_MAX) disk.whenIdle(serve);
    else serve();
  });
  unreadable.ready();
}

/** The mark says first that the log may be gone, and then what is there without it. */
function closeMarked(db: DatabaseSync, mark: MarkKeeper): void {
  mark.close();
  db.close();
  mark.seal();
}

/** Calls for the next turn, and how much they are. */
interface Gathered {
  readonly packets: Packet[];
  size: number;
}

function gather(gathered: Gathered, packet: Packet): void {
  gathered.packets.push(packet);
  gathered.size += packet.numbers.length + packet.text.length / 8;
}

/** The first message says that the file is open; what was met on the way comes after it. */
function createUnreadablePost(port: MessagePort): { readonly tell: OnUnreadable; ready(): void } {
  let early: UnreadableRow[] | null = [];
  return {
    tell: (row) => void (early === null ? send(port, { unreadable: row }) : early.push(row)),
    ready() {
      send(port, { ready: true });
      for (const unreadable of early ?? []) send(port, { unreadable });
      early = null;
    },
  };
}

/** Says once that writes are refused, and once that they are taken again: it tries, as nobody else may. */
function createRefusalWatch(port: MessagePort, turns: Turns): { look(): void; close(): void } {
  let told: string | null = null;
  let next: Timer | null = null;
  function look(): void {
    const { refusing } = turns;
    if (refusing !== null) next ??= systemClock.setTimer(PROBE_MS, probe);
    if (refusing !== told) send(port, { refusing });
    told = refusing;
  }
  function probe(): void {
    next = null;
    try {
      if (turns.refusing !== null) turns.probe();
    } catch {
      // They are refused still.
    }
    look();
  }
  return { look, close: () => next?.cancel() };
}

/** The numbers of an answer are handed over, not copied. */
function send(port: MessagePort, message: FromThread): void {
  if ("numbers" in message) port.postMessage(message, [message.numbers.buffer]);
  else port.postMessage(message);
}

/** Without knowing what is on disk there is nothing left to say: the thread ends, and with it every call. */
const openLog = (file: string, mark: MarkKeeper): DiskSync =>
  openDiskSync(`${file}-wal`, mark, (cause) => {
    throw new Error(`sync the log of ${file}`, { cause });
  });

const nextMessage = (port: MessagePort): ToThread | undefined =>
  (receiveMessageOnPort(port) as { readonly message: ToThread } | undefined)?.message;
