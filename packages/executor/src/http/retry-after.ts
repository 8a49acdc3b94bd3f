import type { Instant } from "@tickline/shared/domain/instant";
import { httpDate } from "./http-date.ts";

export interface RetryAfterLimits {
  /** Longest wait that is obeyed, in milliseconds. */
  readonly retryAfterMsMax: number;
  readonly now: Instant;
}

/**
 * How long an answer asks to wait before another try, in milliseconds; null: it does not. Seconds, or a date: that is counted from the
 * date of the answer itself, and from `now` where it has none, so that a target with a wrong clock is understood.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, readonly string[]>>,
  { retryAfterMsMax, now }: RetryAfterLimits,
): number | null {
  const sentAt = httpDate(headers["date"]?.[0] ?? "", now) ?? now;
  const waits = (headers["retry-after"] ?? []).map((text) => waitMs(text.trim(), { sentAt, now })).filter((wait) => wait !== null);
  return waits.length === 0 ? null : Math.min(Math.max(0, ...waits), retryAfterMsMax);
}

function waitMs(text: string, { sentAt, now }: { readonly sentAt: Instant; readonly now: Instant }): number | null {
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const until = httpDate(text, now);
  return until === null ? null : until - sentAt;
}
