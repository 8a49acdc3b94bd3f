import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { canonicalJson } from "@tickline/shared/domain/json/json";
import { isRunIdAt } from "@tickline/shared/domain/run/run-id";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { JobDue } from "@tickline/shared/events/job-due";
import type { RefusedEvent } from "@tickline/shared/ports/bus";

export interface SortedDueRuns {
  readonly known: readonly DueRun[];
  /** This executor has no handler for them. */
  readonly unknown: readonly DueRun[];
  /** Rescued so often that they are claimed alone. */
  readonly quarantined: readonly DueRun[];
  /** Messages that cannot be about a run of their queue, whatever the store holds. */
  readonly refused: readonly RefusedEvent[];
}

export interface SortRules {
  readonly queue: string;
  readonly handlers: ReadonlyMap<string, unknown>;
  readonly quarantineRescuesMin: number;
}

/**
 * Sorts a batch of messages of one queue by what is to be done with them. Equal messages appear once, however often they were repeated; of two
 * different messages about one run, the store decides which is true.
 */
export function sortDueRuns(events: readonly TicklineEvent[], { queue, handlers, quarantineRescuesMin }: SortRules): SortedDueRuns {
  const sorted = { known: [] as DueRun[], unknown: [] as DueRun[], quarantined: [] as DueRun[], refused: [] as RefusedEvent[] };
  const seen = new Map<string, DueRun[]>();
  for (const event of events) {
    if (event.type !== "JobDue") {
      sorted.refused.push({ event, reason: `the topic of a queue is for JobDue, not for ${event.type}` });
      continue;
    }
    const reason = findFault(queue, event);
    if (reason !== null) sorted.refused.push({ event, reason });
    else if (isRepeat(seen, event.data)) continue;
    else if (!handlers.has(event.data.handler)) sorted.unknown.push(event.data);
    else if (event.data.rescues >= quarantineRescuesMin) sorted.quarantined.push(event.data);
    else sorted.known.push(event.data);
  }
  return sorted;
}

/** What shows in the message alone. The rest is compared with the store: by the claim, or by `readStandingRuns`. */
function findFault(queue: string, { tenantId, data: run }: JobDue): string | null {
  if (run.queue !== queue) return "its queue is not that of its topic";
  if (run.tenantId !== tenantId) return "its tenant is not that of its envelope";
  if (!isRunIdAt(run.runId, run.scheduledFor)) return "its runId is not one of its scheduledFor";
  if (run.attempt < 1) return "attempts are numbered from 1";
  return null;
}

function isRepeat(seen: Map<string, DueRun[]>, run: DueRun): boolean {
  const before = seen.get(run.runId);
  if (before === undefined) seen.set(run.runId, [run]);
  else if (before.some((other) => other === run || canonicalJson(other) === canonicalJson(run))) return true;
  else before.push(run);
  return false;
}

/** The same runs in rounds, each run id at most once in a round: one claim must not contain two different messages about a run. */
export function splitIntoRounds(runs: readonly DueRun[]): readonly (readonly DueRun[])[] {
  const rounds: DueRun[][] = [];
  const times = new Map<string, number>();
  for (const run of runs) {
    const round = times.get(run.runId) ?? 0;
    times.set(run.runId, round + 1);
    (rounds[round] ??= []).push(run);
  }
  return rounds;
}
