import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock, Timer } from "../../../ports/clock.ts";
import { databaseSum } from "./database-sum.ts";
import { LOG_HEAD_BYTES } from "./log-frames.ts";
import { markText, type LogMark } from "./log-mark.ts";
import { openPrivate } from "./private-files.ts";

/** The path of the mark of a database. Its name does not begin like the database, because people delete `tickline.db*`. */
export const markFile = (file: string): string => join(dirname(file), markName(basename(file)));
export const markName = (database: string): string => `${database.replace(/\.db$/, "")}.mark`;

/** The mark is written this long after a commit, in milliseconds. Damage to later acknowledged data is not detected. */
const MARK_MS = 50;

/** Records up to where the log is acknowledged. It costs one check of the log and a small write, 20 times a second at most. */
export interface MarkKeeper {
  /** To be called after each commit: its data is on disk. */
  written(): void;
  /** To be called before the database is closed. */
  close(): void;
  /** To be called after it was closed. */
  seal(): void;
}

/** All commits have to be on disk. */
export function keepMark(
  db: DatabaseSync,
  { file, clock }: { readonly file: string; readonly clock: Pick<Clock, "setTimer"> },
): MarkKeeper {
  const log = openPosition(db, file);
  const marks = openPrivate(markFile(file));
  let acknowledged = log.position();
  let timer: Timer | null = null;

  function markIt(): void {
    timer = null;
    try {
      acknowledged = log.position();
    } catch {
      // If the log cannot be read for a moment, the former position stays: it covers less, but is not wrong.
    }
    write(acknowledged);
  }
  function write(mark: LogMark): void {
    try {
      writeSync(marks, markText(mark), 0);
    } catch {
      // On a full disk the former mark stays: it covers less, but is not wrong.
    }
  }
  write(acknowledged);
  return {
    written: () => void (timer ??= clock.setTimer(MARK_MS, markIt)),
    close() {
      timer?.cancel();
      write({ ...acknowledged, state: "closed" });
      log.close();
    },
    seal() {
      // SQLite keeps the log if it could not copy it into the database, as on a full disk.
      if (existsSync(`${file}-wal`)) write(acknowledged);
      else write({ ...acknowledged, state: "closed", database: databaseSum(file) });
      closeSync(marks);
    },
  };
}

/** Records that the database is open, and no position in its log: whatever happens to the process, no loss is reported by mistake. */
export function markOpened(file: string): void {
  const marks = openPrivate(markFile(file));
  try {
    writeSync(marks, markText({ state: "open", salts: [0, 0], frames: 0, database: null }), 0);
  } finally {
    closeSync(marks);
  }
}

/** The end of the log, acknowledged or not. */
function openPosition(db: DatabaseSync, file: string): { position(): LogMark; close(): void } {
  const checkpoint = db.prepare("PRAGMA wal_checkpoint(NOOP)"); // It copies nothing, and returns the number of frames.
  const log = openSync(`${file}-wal`, "r");
  const head = Buffer.alloc(LOG_HEAD_BYTES);
  return {
    position() {
      const frames = Math.max(0, Number(checkpoint.get()?.["log"] ?? 0));
      readSync(log, head, 0, LOG_HEAD_BYTES, 0);
      return { state: "open", salts: [head.readUInt32BE(16), head.readUInt32BE(20)], frames, database: null };
    },
    close: () => closeSync(log),
  };
}
