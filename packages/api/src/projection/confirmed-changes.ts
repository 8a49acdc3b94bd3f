import type { StatusChange } from "@tickline/shared/domain/job/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { faultOfNews } from "@tickline/shared/events/run-news";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { JobStatus } from "@tickline/shared/ports/jobs/job-status";

export interface Confirming {
  /**
   * Reads the state of runs from the store. Used if other programs may publish: then events only tell which runs to read. Absent: the data of
   * events is used.
   */
  readonly standing?: JobStatus["standing"] | undefined;
  /** Called with the number of changes whose run is not in the store: it was deleted by retention, or never existed. */
  readonly onUnconfirmed?: (changes: number) => void;
}

/** The changes according to the runs in the store. */
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

/** Separates events that may be about runs from those that cannot be. */
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
