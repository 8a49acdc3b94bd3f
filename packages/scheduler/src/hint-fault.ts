import type { Instant } from "@tickline/shared/domain/instant";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { faultOfNews, isRunNews } from "@tickline/shared/events/run-news";
import type { RefusedEvent } from "@tickline/shared/ports/bus";

/** So far ahead of the store's clock an instant that was fired may be: the clock of who triggered it by hand may be ahead. Milliseconds. */
const AHEAD_MS_MAX = 60_000;

/**
 * Why a hint is not taken; null: it is. Anybody may publish one, so none decides: jobs are read again, runs are counted and looked for in the
 * store. What is said of a job's last run goes into `JobDue` without a look, and is held to what can be; what executors of ours hand
 * to handlers they read themselves.
 */
export function hintFault(event: TicklineEvent, now: Instant): string | null {
  if (!isRunNews(event)) return null;
  return faultOfNews(event) ?? (event.data.scheduledFor > now + AHEAD_MS_MAX ? "its scheduledFor has not come yet" : null);
}

export interface SortedHints {
  readonly hints: readonly TicklineEvent[];
  readonly refused: readonly RefusedEvent[];
}

export function sortHints(events: readonly TicklineEvent[], now: Instant): SortedHints {
  const refused = events.flatMap((event) => {
    const reason = hintFault(event, now);
    return reason === null ? [] : [{ event, reason }];
  });
  const faulty = new Set(refused.map(({ event }) => event));
  return { hints: refused.length === 0 ? events : events.filter((event) => !faulty.has(event)), refused };
}
