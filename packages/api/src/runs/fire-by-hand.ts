import { scheduledEntry } from "@tickline/shared/domain/fire/fire";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import type { Run } from "@tickline/shared/domain/run/run";
import { makeRunId } from "@tickline/shared/domain/run/run-id";
import type { ApiContext } from "../api-context.ts";
import { problem, type Problem } from "../problems/problem.ts";
import { bindRequest, keyExpired, type BindRequest } from "../request/idempotency-key.ts";
import { ok, type Step } from "../request/parsed.ts";

/** The values that identify the run of a request. A repeated request gets the same values. */
export interface RequestStamp {
  readonly scheduledFor: Instant;
  readonly key: string;
  /** False: the run may have been made and deleted by retention, and must not be made again. See `BoundKey`. */
  readonly mayMake: boolean;
}

/** The instant and key of a request. With an `Idempotency-Key` they are those of its first request. Without one each request is new. */
export async function stampRequest(
  context: ApiContext,
  { key, ...request }: Omit<BindRequest, "key" | "value" | "makes"> & { readonly key: string | null },
): Promise<Step<RequestStamp>> {
  const now = context.time.decide();
  if (key === null) return ok({ scheduledFor: now, key: context.entropy.newId(), mayMake: true });
  const bound = await bindRequest(context, { ...request, key, value: String(now), makes: "runs" });
  return bound.kind === "problem" ? bound : ok({ scheduledFor: Number(bound.value.value), key, mayMake: bound.value.mayMake });
}

/** A requested run: *trigger now*, or a retry. */
export interface ByHand {
  readonly cause: "manual" | "retry";
  /** The time of the request. */
  readonly scheduledFor: Instant;
  /** Part of the identity of the run: a repeated request gets the same run. */
  readonly key: string;
  /** False: it may have been made and deleted by retention. So it is returned if it exists, and not made. */
  readonly mayMake: boolean;
  readonly retryOf: string | null;
  /** The definition row of the run. Called again if an edit came first. */
  readonly chooseDefinition: (job: Job) => string | Promise<string>;
}

/** Makes one run outside the schedule. The cursor of the job does not change. */
export async function fireByHand(context: ApiContext, job: Job, byHand: ByHand): Promise<{ kind: "fired"; run: Run } | Problem> {
  if (!byHand.mayMake) return madeBefore(context, job, byHand);
  let current: Job | undefined = job;
  for (let round = 0; round < context.config.changeRoundsMax; round += 1) {
    if (current === undefined) return problem("job_deleted", `job ${job.id} was deleted meanwhile`);
    const { cause, scheduledFor, key, retryOf } = byHand;
    const entry = { ...scheduledEntry({ definitionHash: await byHand.chooseDefinition(current) }, scheduledFor), cause, key, retryOf };
    const fires = [{ job: current, advance: null, entries: [entry] }];
    const { outcomes } = await context.dueJobs.fire({ fires, now: context.time.decide(), claimant: null, claimed: [] });
    const [outcome] = outcomes;
    if (outcome?.kind === "won") return readFired(context, current, outcome.runs[0]?.runId ?? "");
    [current] = await context.dueJobs.read([job.uid]);
  }
  return problem("edit_conflict", `job ${job.id} was changed by other requests each time this request tried to write it`);
}

async function madeBefore({ runs, digest }: ApiContext, job: Job, byHand: ByHand): Promise<{ kind: "fired"; run: Run } | Problem> {
  const run = await runs.get(job.tenantId, makeRunId(digest, { jobUid: job.uid, ...byHand }));
  return run === null ? keyExpired({ boundAt: byHand.scheduledFor }) : { kind: "fired", run };
}

async function readFired({ runs, notices }: ApiContext, job: Job, runId: string): Promise<{ kind: "fired"; run: Run } | Problem> {
  notices.runsReady(job.definition.queue);
  const run = await runs.get(job.tenantId, runId);
  return run === null
    ? problem("run_not_found", `run ${runId} was made, and has already been deleted by retention`)
    : { kind: "fired", run };
}
