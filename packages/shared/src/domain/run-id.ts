import type { Digest } from "./digest.ts";
import type { Instant } from "./instant.ts";
import type { RunCause } from "./run.ts";

/** What makes a run the run it is: the same identity always meets the same id, whoever derives it and however often. */
export interface RunIdentity {
  readonly jobUid: string;
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  /** The idempotency key of a manual trigger or retry; null for what a schedule produced. */
  readonly key: string | null;
}

/** Crockford's base 32: sorts as text in the order of the numbers it writes. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_DIGITS = 10;
const HASH_DIGITS = 16;

/** The shape of a run id, for the edges that must tell a wrong one from an unknown one. */
export const RUN_ID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * 26 characters, the shape of a ULID: the time of `scheduledFor`, then 80 bits of a hash of the identity. Sorted by
 * time, because stores insert such keys at their right edge: with hashed ids SQLite wrote less than half as many runs.
 */
export function runIdOf(digest: Digest, { jobUid, cause, scheduledFor, key }: RunIdentity): string {
  const hash = digest(key === null ? `${jobUid}\n${cause}\n${scheduledFor}` : `${jobUid}\n${cause}\n${scheduledFor}\n${key}`);
  return runIdFloor(scheduledFor) + base32OfHex(hash);
}

/** The time part of every run id of that instant: ids of it are greater, ids of earlier instants are smaller. */
export function runIdFloor(instant: Instant): string {
  let rest = Math.max(0, instant);
  let text = "";
  for (let digit = 0; digit < TIME_DIGITS; digit += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** The first 80 bits of a hex hash: five hex digits are four base-32 digits. */
function base32OfHex(hex: string): string {
  let text = "";
  for (let group = 0; group < HASH_DIGITS / 4; group += 1) {
    const bits = Number.parseInt(hex.slice(group * 5, group * 5 + 5), 16);
    text +=
      ALPHABET.charAt(bits >>> 15) + ALPHABET.charAt((bits >>> 10) & 31) + ALPHABET.charAt((bits >>> 5) & 31) + ALPHABET.charAt(bits & 31);
  }
  return text;
}
