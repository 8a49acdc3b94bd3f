import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { RETRY_ATTEMPTS_MAX, RETRY_DELAY_MS_MAX, retryDelayMs, type RetryPolicy, RetryPolicySchema } from "./retry-policy.ts";
import type { RunError } from "../run/run-error.ts";

const error: RunError = { code: "http_status", message: "503", retryable: true };
const makePolicy = (overrides: Partial<RetryPolicy> = {}): RetryPolicy => ({
  ...RetryPolicySchema.parse({}),
  jitter: "none",
  ...overrides,
});

const delays = (policy: RetryPolicy, random = () => 0): (number | null)[] =>
  [1, 2, 3, 4, 5].map((failures) => retryDelayMs(policy, { failures, error, retryAfterMs: null }, random));

describe("delays", () => {
  const table: readonly [string, Partial<RetryPolicy>, readonly (number | null)[]][] = [
    ["the default gives three attempts", {}, [1_000, 2_000, null, null, null]],
    ["fixed", { backoff: "fixed", delayMs: 700, maxAttempts: 4 }, [700, 700, 700, null, null]],
    ["exponential doubles", { delayMs: 10, maxAttempts: 6 }, [10, 20, 40, 80, 160]],
    ["up to the cap", { delayMs: 10, delayMaxMs: 35, maxAttempts: 6 }, [10, 20, 35, 35, 35]],
    ["a cap below the first delay holds too", { delayMs: 100, delayMaxMs: 5, maxAttempts: 3 }, [5, 5, null, null, null]],
    ["no delay at all", { delayMs: 0, maxAttempts: 3 }, [0, 0, null, null, null]],
    ["one attempt never retries", { maxAttempts: 1 }, [null, null, null, null, null]],
  ];
  test.each(table)("%s", (_, policy, expected) => {
    expect(delays(makePolicy(policy))).toEqual(expected);
  });

  test("full jitter is anywhere from 0 to the delay, both included", () => {
    const policy = makePolicy({ jitter: "full", delayMs: 100, maxAttempts: 2 });
    expect(retryDelayMs(policy, { failures: 1, error, retryAfterMs: null }, () => 0)).toBe(0);
    expect(retryDelayMs(policy, { failures: 1, error, retryAfterMs: null }, () => 0.5)).toBe(50);
    expect(retryDelayMs(policy, { failures: 1, error, retryAfterMs: null }, () => 1 - Number.EPSILON)).toBe(100);
  });

  test("an error that says so, or whose code the policy names, ends the run", () => {
    const policy = makePolicy({ nonRetryable: ["bad_params"] });
    expect(retryDelayMs(policy, { failures: 1, error: { ...error, retryable: false }, retryAfterMs: null }, () => 0)).toBeNull();
    expect(retryDelayMs(policy, { failures: 1, error: { ...error, code: "bad_params" }, retryAfterMs: null }, () => 0)).toBeNull();
    expect(retryDelayMs(policy, { failures: 1, error, retryAfterMs: null }, () => 0)).toBe(1_000);
  });

  test.each([
    ["shorter than the policy's", 400, 1_000],
    ["longer", 60_000, 60_000],
    ["longer than the cap of the policy", 7_200_000, 7_200_000],
    ["longer than any delay may be", Infinity, RETRY_DELAY_MS_MAX],
  ])("a handler asks for a delay: %s", (_, retryAfterMs, expected) => {
    expect(retryDelayMs(makePolicy(), { failures: 1, error, retryAfterMs }, () => 0)).toBe(expected);
  });

  test("a delay that a handler asks for gives no further attempt", () => {
    expect(retryDelayMs(makePolicy(), { failures: 3, error, retryAfterMs: 1_000 }, () => 0)).toBeNull();
    expect(retryDelayMs(makePolicy(), { failures: 1, error: { ...error, retryable: false }, retryAfterMs: 1_000 }, () => 0)).toBeNull();
  });

  test("every delay is a whole number between 0 and the cap, and without jitter none is shorter than the one before", () => {
    const policies = fc.record({
      maxAttempts: fc.integer({ min: 1, max: RETRY_ATTEMPTS_MAX }),
      backoff: fc.constantFrom("fixed" as const, "exponential" as const),
      delayMs: fc.integer({ min: 0, max: RETRY_DELAY_MS_MAX }),
      delayMaxMs: fc.integer({ min: 0, max: RETRY_DELAY_MS_MAX }),
      jitter: fc.constantFrom("none" as const, "full" as const),
      nonRetryable: fc.constant<string[]>([]),
    });
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policies, chance, (policy, random) => {
        let before = 0;
        for (let failures = 1; failures <= RETRY_ATTEMPTS_MAX; failures += 1) {
          const delayMs = retryDelayMs(policy, { failures, error, retryAfterMs: null }, () => random);
          expect(delayMs === null).toBe(failures >= policy.maxAttempts);
          if (delayMs === null) return;
          expect(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= policy.delayMaxMs).toBe(true);
          if (policy.jitter === "none") expect(delayMs).toBeGreaterThanOrEqual(before);
          before = delayMs;
        }
      }),
    );
  });
});

describe("policies", () => {
  test("defaults", () => {
    expect(RetryPolicySchema.parse({})).toEqual({
      maxAttempts: 3,
      backoff: "exponential",
      delayMs: 1_000,
      delayMaxMs: 3_600_000,
      jitter: "full",
      nonRetryable: [],
    });
  });

  test.each([
    { maxAttempts: 0 },
    { maxAttempts: RETRY_ATTEMPTS_MAX + 1 },
    { maxAttempts: 1.5 },
    { delayMs: -1 },
    { delayMs: RETRY_DELAY_MS_MAX + 1 },
    { delayMaxMs: Infinity },
    { backoff: "linear" },
    { jitter: true },
    { nonRetryable: [""] },
    { nonRetryable: "bad_params" },
    { attempts: 3 },
  ])("refused: %j", (input) => {
    expect(RetryPolicySchema.safeParse(input).success).toBe(false);
  });
});
