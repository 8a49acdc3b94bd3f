import type { StatusChange } from "@tickline/shared/domain/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { faultOfNews } from "@tickline/shared/events/run-news";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { JobStatus } from "@tickline/shared/ports/job-status";

export interface Confirming {
  /**
   * Where others may publish: what the runs themselves say, which is applied instead of what events say of them. Events then tell only which
   * runs to look at. Absent: events are taken at their word.
   */
  readonly standing?: JobStatus["standing"] | undefined;
  /** Called with the number of changes that no run confirms: it was swept, or there never was one. Default: nobody is. */
  readonly onUnconfirmed?: (changes: number) => void;
}

/** The changes as the runs in the store say them. */
export async function confirmedChanges(
  changes: readonly StatusChange[],
  { standing, onUnconfirmed }: Confirming,
): Promise<readonly StatusChange[]> {
  if (standing === undefined) return changes;
  const stated = new Map((await standing(changes.map(({ lastRun }) => lastRun.runId))).map((change) => [change.lastRun.runId, change]));
  const confirmed = changes.flatMap(({ tenantId, jobUid, lastRun: { runId } }) => {
    const run = stated.get(runId);
    return run?.jobUid === jobUid && run.tenantId === tenantId ? [run] : [];
  });
  if (confirmed.length < changes.length) onUnconfirmed?.(changes.length - confirmed.length);
  return confirmed;
}

/** Tells events that may be news of runs from those that cannot be. */
export function sortNews(events: readonly TicklineEvent[]): {
  readonly news: readonly TicklineEvent[];
  readonly refused: readonly RefusedEvent[];
} {
  const news: TicklineEvent[] = [];
  const refused: RefusedEvent[] = [];
  for (const event of events) {
    const reason = faultOfNews(event);
    if (reason === null) news.push(event);
    else refused.push({ event, reason });
  }
  return { news, refused };
}
