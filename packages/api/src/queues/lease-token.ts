import type { Instant } from "@tickline/shared/domain/time/instant";

/** What the token of an attempt says of it, so that no service has to remember the attempt. Nobody can change it: the store compares the whole token. */
export interface LeaseTerms {
  readonly startedAt: Instant;
  /** When the attempt is over its `timeoutMs`. */
  readonly timeoutAt: Instant;
  /** How long the lease lasts from its claim, and from each heartbeat. */
  readonly leaseMs: number;
}

const PATTERN = /^http\/([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.([0-9a-z]{1,7})\/[\w-]{16,64}$/;
/** Longest token, in characters. */
export const LEASE_TOKEN_LENGTH_MAX = 128;

const RADIX = 36;

/** `secret` cannot be guessed. */
export const makeLeaseToken = ({ startedAt, timeoutAt, leaseMs }: LeaseTerms, secret: string): string =>
  `http/${[startedAt, timeoutAt, leaseMs].map((number) => number.toString(RADIX)).join(".")}/${secret}`;

/** Null: no claim over HTTP has made this token. The tokens of other executors settle nothing here: those of foreign executors on Kafka can be guessed. */
export function readLeaseToken(token: string): LeaseTerms | null {
  const [, ...numbers] = PATTERN.exec(token) ?? [];
  const [startedAt, timeoutAt, leaseMs] = numbers.map((text) => Number.parseInt(text, RADIX));
  if (startedAt === undefined || timeoutAt === undefined || leaseMs === undefined) return null;
  return { startedAt, timeoutAt, leaseMs };
}
