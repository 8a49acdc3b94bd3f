import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { AppError } from "../../domain/app-error.ts";
import { readLogHead, LOG_HEAD_BYTES, logBytes } from "./log-frames.ts";
import { missingOf, readMark, type LogMark } from "./log-mark.ts";
import { markFile } from "./mark-keeper.ts";

/**
 * Looks whether what was acknowledged is still there, before SQLite opens the files and puts aside what it cannot read. Throws
 * `store_corrupt`, which says what is missing and what to do; with `accepted` it only tells of it.
 */
export function checkLoss(
  file: string,
  { accepted, tell }: { readonly accepted: boolean; readonly tell: (missing: string) => void },
): void {
  const text = orElse("", () => readFileSync(markFile(file), "utf8"));
  const mark = readMark(text);
  if (mark === null) return;
  const missing = missingOf(mark, { databaseBytes: orElse(0, () => statSync(file).size), log: logStart(`${file}-wal`, mark) });
  if (missing === null) return;
  if (accepted) return tell(missing);
  throw new AppError(
    "store_corrupt",
    `${file}: ${missing}, so jobs and runs that were acknowledged are missing: put back a backup, or start with --accept-loss to go on without them`,
  );
}

/** As much of the log as the mark stands for. */
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
