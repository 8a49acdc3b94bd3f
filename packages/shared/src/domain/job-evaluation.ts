import { evaluate } from "./evaluation.ts";
import type { Job } from "./job.ts";
import { nextInstant } from "./schedule/next-instant.ts";
import { unknownPolicyOf } from "./unknown-policy.ts";

/**
 * Why this process cannot tell the next instants of a job, and so does not fire it; null: it can. What follows from a job's
 * schedule (`planTick` aside, which says so itself) is to be asked for only then. Another process may know more: a zone, a
 * newer kind of schedule.
 */
export function evaluationFault(job: Job): string | null {
  if (job.unreadable !== undefined) return job.unreadable;
  const { definition, nextRunAt, updatedAt } = job;
  const policy = unknownPolicyOf(definition);
  if (policy !== null) return policy;
  const { schedule, anchorAt } = definition;
  const next = evaluate(() => nextInstant(schedule, { anchorAt, after: nextRunAt ?? updatedAt }));
  return next.kind === "evaluated" ? null : next.reason;
}
