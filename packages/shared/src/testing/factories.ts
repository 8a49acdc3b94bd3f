import { sha256 } from "../adapters/system/digest.ts";
import { DEFAULT_TENANT, type Job } from "../domain/job/job.ts";
import { definitionHash, type JobDefinition } from "../domain/job/job-definition.ts";
import { MisfirePolicySchema } from "../domain/policy/misfire.ts";
import { RetryPolicySchema } from "../domain/policy/retry-policy.ts";
import { computeSlot } from "../domain/slot.ts";
import { at } from "./instants.ts";

/** The start time of a test, unless it sets another. */
export const START = at("2026-01-05T12:00:00Z");
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A definition with the product's own defaults, of a job that fires every minute from `START` on. */
export const newDefinition = (overrides: Partial<JobDefinition> = {}): JobDefinition => ({
  name: "Nightly report",
  description: null,
  tags: [],
  handler: "http",
  params: { url: "http://127.0.0.1/ping" },
  schedule: { kind: "every", everyMs: MINUTE, startAt: null, endAt: null, maxRuns: null },
  anchorAt: START,
  queue: "default",
  retry: RetryPolicySchema.parse({}),
  timeoutMs: MINUTE,
  onUncertain: "rerun",
  expireAfterMs: null,
  overlap: "skip",
  misfire: MisfirePolicySchema.parse("one"),
  ...overrides,
});

export type JobOverrides = Partial<Omit<Job, "definition">> & { readonly definition?: Partial<JobDefinition> };

/**
 * An active job whose first instant is `START`. Its uid follows from tenant and id, its slot from the uid and its hash
 * from the definition, so that the same arguments always make the same job.
 */
export function newJob({ definition: changes, ...overrides }: JobOverrides = {}): Job {
  const { tenantId = DEFAULT_TENANT, id = "job-1" } = overrides;
  const uid = overrides.uid ?? `uid-${tenantId}-${id}`;
  const definition = newDefinition(changes);
  return {
    tenantId,
    uid,
    id,
    version: 1,
    definitionHash: definitionHash(sha256, definition),
    definition,
    slot: computeSlot(uid),
    state: "active",
    nextRunAt: START,
    lastScheduledFor: null,
    firedCount: 0,
    misfires: null,
    status: "pending",
    lastRun: null,
    createdAt: START - HOUR,
    updatedAt: START - HOUR,
    ...overrides,
  };
}

/** The job after an edit of its definition: one version later. */
export function editedJob(job: Job, changes: Partial<JobDefinition>): Job {
  const definition = { ...job.definition, ...changes };
  return {
    ...job,
    definition,
    definitionHash: definitionHash(sha256, definition),
    version: job.version + 1,
    updatedAt: job.updatedAt + SECOND,
  };
}
