import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock, Timer } from "../../../ports/clock.ts";
import { databaseSum } from "./database-sum.ts";
import { LOG_HEAD_BYTES } from "./log-frames.ts";
import { markText, type LogMark } from "./log-mark.ts";
import { openPrivate } from "./private-files.ts";

/** Where the mark of a database stands. Its name is not that of the database, which people delete as `tickline.db*`. */
export const markFile = (file: string): string => join(dirname(file), markName(basename(file)));
export const markName = (database: string): string => `${database.replace(/\.db$/, "")}.mark`;

/** The mark is written so long after a commit, in milliseconds: damage to what was acknowledged later is not noticed. */
const MARK_MS = 50;

/** Notes how far the log is acknowledged. It costs a look at the log and a small write, 20 times a second at most. */
export interface MarkKeeper {
  /** To be called when something was committed: it is on disk. */
  written(): void;
  /** To be called before the database is closed. */
  close(): void;
  /** To be called when it is closed. */
  seal(): void;
}

/** All that is committed has to be on disk. */
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
      // Where the log cannot be looked at for a moment, the former position stands, which says less and nothing wrong.
    }
    write(acknowledged);
  }
  function write(mark: LogMark): void {
    try {
      writeSync(marks, markText(mark), 0);
    } catch {
      // On a full disk the former mark stands, which says less and nothing wrong.
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
      // SQLite leaves the log where it could not copy it into the database, as on a full disk.
      if (existsSync(`${file}-wal`)) write(acknowledged);
      else write({ ...acknowledged, state: "closed", database: databaseSum(file) });
      closeSync(marks);
    },
  };
}

/** Says that the database is open, and nothing of its log: whatever becomes of the process, nothing is taken for lost. */
export function markOpened(file: string): void {
  const marks = openPrivate(markFile(file));
  try {
    writeSync(marks, markText({ state: "open", salts: [0, 0], frames: 0, database: null }), 0);
  } finally {
    closeSync(marks);
  }
}

/** How far the log has come, acknowledged or not. */
function openPosition(db: DatabaseSync, file: string): { position(): LogMark; close(): void } {
  const checkpoint = db.prepare("PRAGMA wal_checkpoint(NOOP)"); // It copies nothing, and says how many frames there are.
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
