import { evaluate } from "../evaluation.ts";
import type { Instant } from "../time/instant.ts";
import type { Job } from "./job.ts";
import { MISSED_AFTER_MS } from "../policy/misfire.ts";
import { nextInstant } from "../schedule/next-instant.ts";
import { isStandIn } from "./stored-definition.ts";
import { findUnknownPolicy } from "./unknown-policy.ts";

/** Why a job does not fire here, and how to fix it, in words for people. */
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
export function findSetAside(job: Job): SetAside | null {
  const { definition, nextRunAt, updatedAt, unreadable } = job;
  if (unreadable !== undefined) return { reason: unreadable, action: isStandIn(definition) ? REPLACE : SEND_AGAIN };
  const policy = findUnknownPolicy(definition);
  if (policy !== null) return { reason: policy, action: OTHER_POLICY };
  const { schedule, anchorAt } = definition;
  const next = evaluate(() => nextInstant(schedule, { anchorAt, after: nextRunAt ?? updatedAt }));
  return next.kind === "evaluated" ? null : { reason: next.reason, action: OTHER_SCHEDULE };
}

const NOT_FIRED: SetAside = {
  reason: "its instant has passed, and no scheduler has fired it: none runs, or it cannot fire this job",
  action: 'Look whether a scheduler runs, and whether its log has a line "a job is set aside" for this job, which says why.',
};

/**
 * What a scheduler makes of a job stands in its memory alone. But a job that can be evaluated, and whose instant passed so long ago that it counts
 * as missed, is fired by none. One that is being caught up with, a bounded step at a time, has open misfires.
 */
export const findOverdue = ({ state, nextRunAt, misfires }: Job, now: Instant): SetAside | null =>
  state === "active" && nextRunAt !== null && misfires === null && now - nextRunAt > MISSED_AFTER_MS ? NOT_FIRED : null;

/** The reason alone. What follows from a job's schedule (`planTick` aside, which says so itself) is to be asked for only where it is null. */
export const evaluationFault = (job: Job): string | null => findSetAside(job)?.reason ?? null;
