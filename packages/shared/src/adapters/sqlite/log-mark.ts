import { z } from "zod";
import { logBytes, readLogHead, wholeFrames } from "./log-frames.ts";

/** How far the log of commits had come when all of it had been acknowledged. It stands in a file of its own beside the database. */
const LogMarkSchema = z.object({
  /** `closed`: the log was copied into the database, and there may be none. */
  state: z.enum(["open", "closed"]),
  salts: z.tuple([z.number(), z.number()]),
  frames: z.number(),
});
export type LogMark = z.output<typeof LogMarkSchema>;

/** The mark is one write of so many bytes in place. */
const MARK_BYTES = 128;
/** A log begins anew after some 2,000 pages, and the mark is at most a moment old: one that began anew more often is another log. */
const RESTARTS_MAX = 1_000;

export const markText = (mark: LogMark): string => `${JSON.stringify(mark).padEnd(MARK_BYTES - 1)}\n`;

/** Null: there is none, or it cannot be read, and so tells nothing. */
export function readMark(text: string): LogMark | null {
  try {
    return LogMarkSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The database and the start of its log, as they stand before SQLite opens them. */
export interface FoundFiles {
  /** 0: the file is empty, or there is none. */
  readonly databaseBytes: number;
  readonly log: Buffer;
}

/**
 * What of that which was acknowledged is missing, in words; null: nothing that can be told. SQLite takes the log up to the first frame
 * that is not whole, and says nothing of what stood behind it.
 */
export function missingOf(mark: LogMark, { databaseBytes, log }: FoundFiles): string | null {
  if (databaseBytes === 0) return "the database is gone, or empty";
  if (mark.state === "closed" || mark.frames === 0) return null;
  if (log.length === 0) return "its log of the last commits is gone, or empty";
  const head = readLogHead(log);
  if (head === null) return "its log of the last commits is damaged at its head";
  const restarts = (head.salts[0] - mark.salts[0]) >>> 0;
  if (restarts > RESTARTS_MAX) return "its log of the last commits is another one";
  if (restarts > 0) return null; // What the mark stands for has been copied into the database.
  const whole = wholeFrames(log, head, mark.frames);
  if (whole === mark.frames) return null;
  const cut = log.length < logBytes(mark.frames, head);
  return `its log of the last commits is ${cut ? "cut off" : "damaged"}: of ${mark.frames} acknowledged pages ${whole} can be read`;
}
