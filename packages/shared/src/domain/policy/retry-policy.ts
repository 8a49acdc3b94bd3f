import { z } from "zod";
import { backoffMs } from "../time/backoff.ts";
import type { RunError } from "../run/run-error.ts";

/** Longest delay a policy, or a handler, may ask for: 7 days. */
export const RETRY_DELAY_MS_MAX = 7 * 86_400_000;
/** Most attempts a policy may ask for. */
export const RETRY_ATTEMPTS_MAX = 100;

/** When and how often a failed attempt is followed by another. One place for the defaults and their validation. */
export const RetryPolicySchema = z
  .strictObject({
    maxAttempts: z
      .int()
      .min(1)
      .max(RETRY_ATTEMPTS_MAX)
      .default(3)
      .meta({ description: "Failed attempts after which the run is `failed`; 1 never retries." }),
    backoff: z
      .enum(["fixed", "exponential"])
      .default("exponential")
      .meta({ description: "Whether the delay stays as it is, or doubles with each failure." }),
    delayMs: z
      .int()
      .min(0)
      .max(RETRY_DELAY_MS_MAX)
      .default(1_000)
      .meta({ description: "Delay before the second attempt, in milliseconds." }),
    delayMaxMs: z.int().min(0).max(RETRY_DELAY_MS_MAX).default(3_600_000).meta({
      description: "Cap of the delay, in milliseconds. A handler that asks for a longer one, as `http` does for `Retry-After`, gets it.",
    }),
    jitter: z.enum(["none", "full"]).default("full").meta({ description: "`full`: anywhere between 0 and the delay." }),
    nonRetryable: z.array(z.string().min(1).max(64)).max(50).default([]).meta({ description: "Error codes that end the run at once." }),
  })
  .meta({ id: "RetryPolicy" });

export type RetryPolicy = z.output<typeof RetryPolicySchema>;

export interface FailedAttempt {
  /** Failed attempts so far, this one included. Rescued attempts do not count. */
  readonly failures: number;
  readonly error: RunError;
  /** The least delay that its handler asked for, in milliseconds; null: it did not. */
  readonly retryAfterMs: number | null;
}

/**
 * The delay in milliseconds before the next attempt, or null when there is none. `random` gives [0, 1). The policy says whether there is
 * another attempt; a handler may ask only for a longer delay, because it knows when one is useless.
 */
export function retryDelayMs(policy: RetryPolicy, { failures, error, retryAfterMs }: FailedAttempt, random: () => number): number | null {
  if (!error.retryable || policy.nonRetryable.includes(error.code) || failures >= policy.maxAttempts) return null;
  const delayMs = backoffMs(policy.backoff === "exponential" ? failures : 1, policy.delayMs, policy.delayMaxMs);
  const policyMs = policy.jitter === "full" ? Math.floor(random() * (delayMs + 1)) : delayMs;
  return Math.max(policyMs, Math.min(retryAfterMs ?? 0, RETRY_DELAY_MS_MAX));
}
