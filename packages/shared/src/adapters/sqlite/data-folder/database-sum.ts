import { closeSync, openSync, readSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";

/** The size of a closed database, and its CRC-32: it detects damage, not manipulation. */
export interface DatabaseSum {
  readonly bytes: number;
  readonly sum: number;
}

/** A longer database is not read at each start and end: that takes some 2 ms a megabyte. */
const SUM_BYTES_MAX = 1_073_741_824;
const PART_BYTES = 1_048_576;

/** Null: it is too long. */
export function databaseSum(path: string): DatabaseSum | null {
  if (statSync(path).size > SUM_BYTES_MAX) return null;
  const file = openSync(path, "r");
  try {
    const part = Buffer.allocUnsafe(PART_BYTES);
    let [bytes, sum] = [0, 0];
    for (let read = 1; read > 0; bytes += read) {
      read = readSync(file, part, 0, PART_BYTES, null);
      sum = crc32(part.subarray(0, read), sum);
    }
    return { bytes, sum };
  } finally {
    closeSync(file);
  }
}
