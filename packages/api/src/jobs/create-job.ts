import type { Instant } from "@tickline/shared/domain/time/instant";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import { definitionHash } from "@tickline/shared/domain/job/job-definition";
import { firstCursor } from "@tickline/shared/domain/fire/reschedule";
import { computeSlot } from "@tickline/shared/domain/slot";
import { jobEvent } from "@tickline/shared/events/job-event";
import type { CreateOutcome } from "@tickline/shared/ports/jobs/job-catalog";
import type { ApiContext } from "../api-context.ts";
import { bodyRoute, noQuery, type Route } from "../http/route.ts";
import { bindRequest, keyExpired, readIdempotencyKey } from "../request/idempotency-key.ts";
import { ok } from "../request/parsed.ts";
import { invalidRequest, problem, type Problem } from "../problems/problem.ts";
import { beginsAfter, neverFires } from "./first-instant.ts";
import { JobView } from "../views/job-view.ts";
import { answerJob } from "./job-answer.ts";
import { toDefinition, inputFaults, jobBodies, looseFaults, type JobInput } from "./job-input.ts";

/** `POST /jobs` */
export const createJobRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/jobs",
    query: noQuery,
    body: { ...jobBodies(context).create, also: (given) => looseFaults(context, given) },
    docs: {
      operationId: "createJob",
      tag: "Jobs",
      summary: "Create a job",
      description:
        "A 201 means that the job is durable. The same `Idempotency-Key` with the same body gives the same job, however often the request is repeated.",
      headers: ["Idempotency-Key"],
      responses: { 201: { description: "The job.", schema: JobView, headers: ["ETag", "Location"] } },
      problems: ["schedule_never_fires", "idempotency_key_reused", "idempotency_key_expired", "job_deleted", "edit_conflict", "bad_header"],
    },
    async handle({ body, header }) {
      const key = readIdempotencyKey(header);
      if (key.kind === "problem") return key;
      const result = await createJob(context, { tenantId: DEFAULT_TENANT, id: null, input: body, key: key.value });
      return result.kind === "problem" ? result : answerJob(result.job, 201);
    },
  });

export interface CreateRequest {
  readonly tenantId: string;
  /** The id of the job; null: generate one. */
  readonly id: string | null;
  readonly input: JobInput;
  /** The `Idempotency-Key`, or the id of a command; null: none. */
  readonly key: string | null;
}

/** Creates a job. The same key with the same input gives the same job, however often it is repeated. */
export async function createJob(
  context: ApiContext,
  { tenantId, id, input, key }: CreateRequest,
): Promise<{ kind: "created"; job: Job } | Problem> {
  const faults = await inputFaults(context, input, null);
  if (faults.length > 0) return invalidRequest(faults);
  const minted = context.entropy.newId();
  const asked = id === null ? withoutDefaultState(input) : { id, input: withoutDefaultState(input) };
  const bound =
    key === null
      ? ok({ value: minted, boundAt: 0, mayMake: true })
      : await bindRequest(context, { tenantId, scope: "create", key, asked, value: minted, makes: "jobs" });
  if (bound.kind === "problem") return bound;
  const { value: uid, mayMake } = bound.value;
  if (!mayMake) return madeBefore(context, { tenantId, uid, otherwise: keyExpired(bound.value) });
  const outcome = await addJob(context, { tenantId, id: id ?? `job_${uid}`, uid, input });
  // A repeat may come after the schedule has ended.
  if (outcome.kind === "problem") return madeBefore(context, { tenantId, uid, otherwise: outcome });
  if (outcome.kind === "exists") return problem("job_exists", `another job has the id ${outcome.job.id}`);
  if (outcome.job.state === "deleted") return problem("job_deleted", "the job that this key made has been deleted");
  return outcome;
}

/** A new job is active by default, so a request with `"state": "active"` equals one without it. */
function withoutDefaultState({ state, ...input }: JobInput): JobInput {
  return state === "paused" ? { ...input, state } : input;
}

/** The job that the first request with the key made, if it made one. */
async function madeBefore(
  { dueJobs }: ApiContext,
  { tenantId, uid, otherwise }: { readonly tenantId: string; readonly uid: string; readonly otherwise: Problem },
): Promise<{ kind: "created"; job: Job } | Problem> {
  const [job] = await dueJobs.read([uid]);
  return job === undefined || job.tenantId !== tenantId ? otherwise : { kind: "created", job };
}

export interface NewJob {
  readonly tenantId: string;
  readonly id: string;
  readonly uid: string;
  readonly input: JobInput;
}

/** Writes a new job; durable when it resolves. */
export async function addJob(context: ApiContext, request: NewJob): Promise<CreateOutcome | Problem> {
  const job = newJob(context, request, context.time.decide());
  if ("kind" in job) return job;
  const event = jobEvent("JobCreated", job);
  const outcome = await context.jobs.create(job.tenantId, { job, event });
  if (outcome.kind === "created") context.notices.jobWritten(event);
  return outcome;
}

function newJob({ digest }: ApiContext, { tenantId, id, uid, input }: NewJob, now: Instant): Job | Problem {
  const definition = toDefinition(input, now);
  const after = beginsAfter(definition, now);
  const cursor = firstCursor(definition, after);
  return (
    neverFires(definition, after) ?? {
      tenantId,
      uid,
      id,
      version: 1,
      definitionHash: definitionHash(digest, definition),
      definition,
      slot: computeSlot(uid),
      ...cursor,
      state: input.state === "paused" && cursor.state === "active" ? "paused" : cursor.state,
      status: "pending",
      lastRun: null,
      createdAt: now,
      updatedAt: now,
    }
  );
}
