import { crc32 } from "node:zlib";
import { z } from "zod";
import type { DatabaseSum } from "./database-sum.ts";
import { logBytes, readLogHead, wholeFrames } from "./log-frames.ts";

/** The position in the log of commits up to which all is acknowledged. It is kept in a file of its own beside the database. */
const LogMarkSchema = z.object({
  /** `closed`: the log was copied into the database, and there may be none. */
  state: z.enum(["open", "closed"]),
  salts: z.tuple([z.number(), z.number()]),
  frames: z.number(),
  /** The database when it was closed; null: it is open, or too long to be read. */
  database: z.object({ bytes: z.number(), sum: z.number() }).nullable().default(null),
});
export type LogMark = z.output<typeof LogMarkSchema>;

/** The mark is written by one write of this many bytes, in place. */
const MARK_BYTES = 256;
/** A log restarts after some 2,000 pages, and the mark is at most a moment old: a log with more restarts is another log. */
const RESTARTS_MAX = 1_000;

/** With a checksum of its own, so that a damaged mark is not mistaken for damaged data. */
export function markText(mark: LogMark): string {
  const text = JSON.stringify(LogMarkSchema.parse(mark));
  return `${JSON.stringify({ ...(JSON.parse(text) as LogMark), check: crc32(text) }).padEnd(MARK_BYTES - 1)}\n`;
}

/** Null: it cannot be read, so nothing can be checked. Marks of earlier versions have no checksum. */
export function readMark(text: string): LogMark | null {
  try {
    const { check, ...given } = z.looseObject({ check: z.number().optional() }).parse(JSON.parse(text));
    const mark = LogMarkSchema.parse(given);
    return check === undefined || check === crc32(JSON.stringify(mark)) ? mark : null;
  } catch {
    return null;
  }
}

/** The database and the start of its log, before SQLite opens them. */
export interface FoundFiles {
  /** 0: the file is empty, or there is none. */
  readonly databaseBytes: number;
  readonly log: Buffer;
  /** Of the whole database; null: it is too long to be read. */
  readonly databaseSum: () => DatabaseSum | null;
}

const CHANGED = "the database is not as it was when it was closed: it was damaged, cut off, exchanged, or changed by another program";

const sameDatabase = (closed: DatabaseSum | null, found: FoundFiles["databaseSum"]): boolean => {
  const now = closed === null ? null : found();
  return closed === null || now === null || (now.bytes === closed.bytes && now.sum === closed.sum);
};

/**
 * A description of the acknowledged data that is missing; null: no loss was found. SQLite reads the log up to the first frame
 * that is not whole, and does not report the rest.
 */
export function describeMissing(mark: LogMark, { databaseBytes, log, databaseSum }: FoundFiles): string | null {
  if (databaseBytes === 0) return "the database is gone, or empty";
  if (mark.state === "closed") return sameDatabase(mark.database, databaseSum) ? null : CHANGED;
  if (mark.frames === 0) return null;
  if (log.length === 0) return "its log of the last commits is gone, or empty";
  const head = readLogHead(log);
  if (head === null) return "its log of the last commits is damaged at its head";
  const restarts = (head.salts[0] - mark.salts[0]) >>> 0;
  if (restarts > RESTARTS_MAX) return "its log of the last commits is another one";
  if (restarts > 0) return null; // The data that the mark covers has been copied into the database.
  const whole = wholeFrames(log, head, mark.frames);
  if (whole === mark.frames) return null;
  const cut = log.length < logBytes(mark.frames, head);
  return `its log of the last commits is ${cut ? "cut off" : "damaged"}: of ${mark.frames} acknowledged pages ${whole} can be read`;
}
