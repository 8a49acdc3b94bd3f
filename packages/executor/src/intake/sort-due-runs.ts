import type { DueRun } from "@tickline/shared/domain/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { saysTheSame } from "./due-run-check.ts";

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

/**
 * Sorts a batch of the bus by what is to be done. What says the same stands in one place once, however often it was repeated; of two messages
 * that say different things of a run, the store decides which is true.
 */
export function sortDueRuns(events: readonly TicklineEvent[], { handlers, suspectRescuesMin }: SortRules): SortedDueRuns {
  const known: DueRun[] = [];
  const unknown: DueRun[] = [];
  const suspects: DueRun[] = [];
  const seen = new Map<string, DueRun[]>();
  for (const event of events) {
    if (event.type !== "JobDue" || isRepeat(seen, event.data)) continue;
    if (!handlers.has(event.data.handler)) unknown.push(event.data);
    else if (event.data.rescues >= suspectRescuesMin) suspects.push(event.data);
    else known.push(event.data);
  }
  return { known, unknown, suspects };
}

function isRepeat(seen: Map<string, DueRun[]>, run: DueRun): boolean {
  const said = seen.get(run.runId);
  if (said === undefined) seen.set(run.runId, [run]);
  else if (said.some((before) => saysTheSame(before, run))) return true;
  else said.push(run);
  return false;
}

/** The same runs in rounds, none twice in one: what is claimed together says one thing of each run. */
export function roundsOf(runs: readonly DueRun[]): readonly (readonly DueRun[])[] {
  const rounds: DueRun[][] = [];
  const times = new Map<string, number>();
  for (const run of runs) {
    const round = times.get(run.runId) ?? 0;
    times.set(run.runId, round + 1);
    (rounds[round] ??= []).push(run);
  }
  return rounds;
}
