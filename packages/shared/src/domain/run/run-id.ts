import type { Digest } from "../digest.ts";
import type { Instant } from "../time/instant.ts";
import type { RunCause } from "./run.ts";

/** The identity of a run: the same identity always gives the same id, in every process and every time. */
export interface RunKey {
  readonly jobUid: string;
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  /** The idempotency key of a manual trigger or retry; null for scheduled runs. */
  readonly key: string | null;
}

/** Crockford's base 32: sorts as text in the order of the numbers it writes. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Bits of five digits: an instant is two halves of five. */
const HALF = 2 ** 25;

/** The shape of a run id, for the edges that must distinguish an invalid id from an unknown one. */
export const RUN_ID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Whether it can be the id of a run of that instant. If not, the message is about no run of ours. */
export const isRunIdAt = (runId: string, scheduledFor: Instant): boolean =>
  RUN_ID_PATTERN.test(runId) && runId.startsWith(runIdFloor(scheduledFor));

/**
 * 26 characters, the shape of a ULID: the time of `scheduledFor`, then 80 bits of a hash of the identity. Sorted by
 * time, because stores insert such keys at their right edge: with hashed ids SQLite wrote less than half as many runs.
 */
export function makeRunId(digest: Digest, { jobUid, cause, scheduledFor, key }: RunKey): string {
  const hash = digest(key === null ? `${jobUid}\n${cause}\n${scheduledFor}` : `${jobUid}\n${cause}\n${scheduledFor}\n${key}`);
  return runIdFloor(scheduledFor) + base32OfHex(hash);
}

/** The time part of every run id of that instant: ids of it are greater, ids of earlier instants are smaller. */
export function runIdFloor(instant: Instant): string {
  const time = Math.max(0, instant);
  const high = Math.floor(time / HALF);
  return fiveDigits(high) + fiveDigits(time - high * HALF);
}

/** The first 80 bits of a hex hash: five hex digits are four base-32 digits. */
const base32OfHex = (hex: string): string => fourDigits(hex, 0) + fourDigits(hex, 5) + fourDigits(hex, 10) + fourDigits(hex, 15);

// Ids are made by the tens of thousands a second, so digits are made from bits at once and not one after another.
const digit = (bits: number): number => ALPHABET.charCodeAt(bits & 31);

const fiveDigits = (bits: number): string =>
  String.fromCharCode(digit(bits >>> 20), digit(bits >>> 15), digit(bits >>> 10), digit(bits >>> 5), digit(bits));

const hexDigit = (code: number): number => (code < 0x3a ? code - 0x30 : code - 0x57);

function fourDigits(hex: string, from: number): string {
  let bits = 0;
  for (let at = from; at < from + 5; at += 1) bits = (bits << 4) | hexDigit(hex.charCodeAt(at));
  return String.fromCharCode(digit(bits >>> 15), digit(bits >>> 10), digit(bits >>> 5), digit(bits));
}
