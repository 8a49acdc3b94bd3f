/**
 * The log of commits that SQLite keeps beside the database, by its file format (https://sqlite.org/walformat.html): a header of 32
 * bytes, then frames, each a header of 24 bytes and a page. Each checksum covers all frames before it.
 */
export interface LogHead {
  readonly pageBytes: number;
  /** The first rises by one each time the log restarts; every frame repeats both. */
  readonly salts: readonly [number, number];
}

export const LOG_HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const MAGIC = 0x377f0682;

export const logBytes = (frames: number, { pageBytes }: LogHead): number => LOG_HEAD_BYTES + frames * (FRAME_HEAD_BYTES + pageBytes);

/** Null: this is not the header of a log, or it is damaged; SQLite would treat the log as empty. */
export function readLogHead(log: Buffer): LogHead | null {
  if (log.length < LOG_HEAD_BYTES || (log.readUInt32BE(0) & ~1) >>> 0 !== MAGIC) return null;
  const sum = addTo([0, 0], log.subarray(0, 24), isBigEndian(log));
  if (sum[0] !== log.readUInt32BE(24) || sum[1] !== log.readUInt32BE(28)) return null;
  return { pageBytes: log.readUInt32BE(8), salts: [log.readUInt32BE(16), log.readUInt32BE(20)] };
}

/** The number of valid frames from the first on: SQLite reads these when it opens the database. Counts `most` at most. */
export function wholeFrames(log: Buffer, head: LogHead, most: number): number {
  let sum: Sum = [log.readUInt32BE(24), log.readUInt32BE(28)];
  for (let frame = 0; frame < most; frame += 1) {
    const [from, to] = [logBytes(frame, head), logBytes(frame + 1, head)];
    if (to > log.length) return frame;
    const saltsFit = log.readUInt32BE(from + 8) === head.salts[0] && log.readUInt32BE(from + 12) === head.salts[1];
    sum = addTo(sum, log.subarray(from, from + 8), isBigEndian(log));
    sum = addTo(sum, log.subarray(from + FRAME_HEAD_BYTES, to), isBigEndian(log));
    if (!saltsFit || sum[0] !== log.readUInt32BE(from + 16) || sum[1] !== log.readUInt32BE(from + 20)) return frame;
  }
  return most;
}

type Sum = readonly [number, number];

const isBigEndian = (log: Buffer): boolean => (log.readUInt32BE(0) & 1) === 1;

function addTo([first, second]: Sum, bytes: Buffer, bigEndian: boolean): Sum {
  let [a, b] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}
