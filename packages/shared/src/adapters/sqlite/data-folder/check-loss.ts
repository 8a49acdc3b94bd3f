import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { AppError } from "../../../domain/app-error.ts";
import { databaseFaults } from "./database-faults.ts";
import { databaseSum } from "./database-sum.ts";
import { readLogHead, LOG_HEAD_BYTES, logBytes } from "./log-frames.ts";
import { describeMissing, readMark, type LogMark } from "./log-mark.ts";
import { markFile } from "./mark-keeper.ts";

export interface LossOptions {
  /** Continues although data is missing. */
  readonly accepted: boolean;
  /** Receives a description of the missing data, if the loss is accepted. */
  readonly tell: (missing: string) => void;
  /** Receives the reason if it is unknown whether data is missing. */
  readonly doubt: (why: string) => void;
  /** True: a process used the folder before. Default: unknown. */
  readonly usedBefore?: boolean;
}

/** A longer database is not checked at a start: the check takes some 6 ms a megabyte. `npm run doctor` does it. */
const LOOK_BYTES_MAX = 134_217_728;

/**
 * Checks that all acknowledged data is still there, before SQLite opens the files and discards what it cannot read. A database that was closed has
 * a checksum. One whose process was killed is checked for damage. Throws `store_corrupt`, which says what is missing and what to do; with
 * `accepted` it only reports the loss.
 */
export function checkLoss(file: string, options: LossOptions): void {
  const databaseBytes = orElse(0, () => statSync(file).size);
  const text = orElse("", () => readFileSync(markFile(file), "utf8"));
  const mark = readMark(text);
  if (mark === null) {
    if (databaseBytes === 0 && text === "") {
      if (options.usedBefore === true)
        options.doubt(`${file} is empty, though the folder was used before: what was acknowledged is gone, if anything was`);
      return;
    }
    const why = text === "" ? "is not there, as after an earlier version" : "cannot be read";
    options.doubt(`${markFile(file)} ${why}: it is unknown this time whether all acknowledged data is there`);
  } else {
    const found = { databaseBytes, log: logStart(`${file}-wal`, mark), databaseSum: () => databaseSum(file) };
    const missing = describeMissing(mark, found);
    if (missing !== null) return lost(file, missing, options);
    if (mark.database !== null) return;
  }
  if (databaseBytes === 0 || databaseBytes > LOOK_BYTES_MAX) return;
  const [fault] = findFaults(file);
  if (fault !== undefined) lost(file, `the database is damaged (${fault.replaceAll(/\s+/g, " ")})`, options);
}

function lost(file: string, missing: string, { accepted, tell }: LossOptions): void {
  if (accepted) return tell(missing);
  throw new AppError(
    "store_corrupt",
    `${file}: ${missing}, so jobs and runs that were acknowledged may be missing: put back a backup, or start with --accept-loss to go on with what is there`,
  );
}

/** None if the file cannot be opened: the store reports that when it opens it. */
function findFaults(file: string): readonly string[] {
  try {
    return databaseFaults(file, 1);
  } catch {
    return [];
  }
}

/** The part of the log that the mark covers. */
function logStart(path: string, { frames }: LogMark): Buffer {
  return orElse(Buffer.alloc(0), () => {
    const file = openSync(path, "r");
    try {
      const head = readLogHead(readUpTo(file, LOG_HEAD_BYTES));
      return readUpTo(file, head === null ? LOG_HEAD_BYTES : logBytes(frames, head));
    } finally {
      closeSync(file);
    }
  });
}

function readUpTo(file: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0));
}

function orElse<Found>(otherwise: Found, read: () => Found): Found {
  try {
    return read();
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw fault;
  }
}
