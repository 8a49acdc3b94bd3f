import { differingField, differs, type DueRun } from "@tickline/shared/domain/due-run";
import { executionText } from "@tickline/shared/domain/job-definition";
import { canonicalJson } from "@tickline/shared/domain/json";
import { isRunIdOf } from "@tickline/shared/domain/run-id";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { JobDue } from "@tickline/shared/events/job-due";

/** A run of which nobody may do what a message says, and why. */
export interface RefusedRun {
  readonly run: DueRun;
  readonly reason: string;
}

/** The events of a batch that may be about runs of their queue, and those that cannot be. */
export interface CheckedDue {
  readonly due: readonly JobDue[];
  readonly refused: readonly { readonly event: TicklineEvent; readonly reason: string }[];
}

/** Tells them apart by what they say alone. What the store holds decides of the rest: at the claim, or by `differenceOf`. */
export function checkDue(queue: string, events: readonly TicklineEvent[]): CheckedDue {
  const due: JobDue[] = [];
  const refused: { event: TicklineEvent; reason: string }[] = [];
  for (const event of events) {
    if (event.type !== "JobDue") refused.push({ event, reason: `the topic of a queue is for JobDue, not for ${event.type}` });
    else {
      const reason = faultOf(queue, event);
      if (reason === null) due.push(event);
      else refused.push({ event, reason });
    }
  }
  return { due, refused };
}

function faultOf(queue: string, { tenantId, data: run }: JobDue): string | null {
  if (run.queue !== queue) return "its queue is not that of its topic";
  if (run.tenantId !== tenantId) return "its tenant is not that of its envelope";
  if (!isRunIdOf(run.runId, run.scheduledFor)) return "its runId is not one of its scheduledFor";
  if (run.attempt < 1) return "attempts are numbered from 1";
  return null;
}

/** Why nobody may act on what a message says of an attempt that the store holds like this; null: it says the same. As the claim decides. */
export function differenceOf(said: DueRun, held: DueRun): string | null {
  const field = differingField(said, held);
  if (field !== null) return differs(field);
  return executionText(said) === executionText(held) ? null : differs("execution");
}

/** Whether two messages say the same: then one of them is a repeat. */
export const saysTheSame = (left: DueRun, right: DueRun): boolean => left === right || canonicalJson(left) === canonicalJson(right);
