import { evaluate } from "./evaluation.ts";
import type { Job } from "./job.ts";
import { nextInstant } from "./schedule/next-instant.ts";
import { isStandIn } from "./stored-definition.ts";
import { unknownPolicyOf } from "./unknown-policy.ts";

/** Why a job does not fire here, and what mends it: both for a person. */
export interface SetAside {
  readonly reason: string;
  readonly action: string;
}

const REPLACE = "Replace the job as a whole with PUT /jobs/:id, or delete it.";
const SEND_AGAIN = "Send the definition of the job again with PUT /jobs/:id, or delete the job.";
const OTHER_POLICY = "Give the job another policy with PATCH /jobs/:id, or update this service: a newer version wrote the job.";
const OTHER_SCHEDULE =
  "Give the job another schedule with PATCH /jobs/:id, or update this service and Node.js: another version or newer time zone data may know this one.";

/**
 * What keeps this process from telling the next instants of a job, so that it does not fire it; null: nothing. Another process may know
 * more: a zone, a newer kind of schedule.
 */
export function setAsideOf(job: Job): SetAside | null {
  const { definition, nextRunAt, updatedAt, unreadable } = job;
  if (unreadable !== undefined) return { reason: unreadable, action: isStandIn(definition) ? REPLACE : SEND_AGAIN };
  const policy = unknownPolicyOf(definition);
  if (policy !== null) return { reason: policy, action: OTHER_POLICY };
  const { schedule, anchorAt } = definition;
  const next = evaluate(() => nextInstant(schedule, { anchorAt, after: nextRunAt ?? updatedAt }));
  return next.kind === "evaluated" ? null : { reason: next.reason, action: OTHER_SCHEDULE };
}

/** The reason alone. What follows from a job's schedule (`planTick` aside, which says so itself) is to be asked for only where it is null. */
export const evaluationFault = (job: Job): string | null => setAsideOf(job)?.reason ?? null;
