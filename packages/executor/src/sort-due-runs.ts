import type { DueRun } from "@tickline/shared/domain/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";

export interface SortedDueRuns {
  readonly known: readonly DueRun[];
  /** No handler for them here. */
  readonly unknown: readonly DueRun[];
  /** Rescued so often that they are claimed alone. */
  readonly suspects: readonly DueRun[];
}

export interface SortRules {
  readonly handlers: ReadonlyMap<string, unknown>;
  readonly suspectRescuesMin: number;
}

/** Sorts a batch of the bus by what is to be done. A run stands in one place once, however often it was repeated. */
export function sortDueRuns(events: readonly TicklineEvent[], { handlers, suspectRescuesMin }: SortRules): SortedDueRuns {
  const known: DueRun[] = [];
  const unknown: DueRun[] = [];
  const suspects: DueRun[] = [];
  const seen = new Set<string>();
  for (const event of events) {
    if (event.type !== "JobDue" || seen.has(event.data.runId)) continue;
    seen.add(event.data.runId);
    if (!handlers.has(event.data.handler)) unknown.push(event.data);
    else if (event.data.rescues >= suspectRescuesMin) suspects.push(event.data);
    else known.push(event.data);
  }
  return { known, unknown, suspects };
}
