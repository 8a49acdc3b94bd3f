import { scheduledEntry } from "@tickline/shared/domain/fire";
import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import type { Run } from "@tickline/shared/domain/run";
import { runIdOf } from "@tickline/shared/domain/run-id";
import type { ApiContext } from "../api-context.ts";
import { problem, type Problem } from "../http/problem.ts";
import { keyExpired } from "../jobs/bind-request.ts";

/** What a person asked to run: *trigger now*, or a retry. */
export interface ByHand {
  readonly cause: "manual" | "retry";
  /** The time of the request. */
  readonly scheduledFor: Instant;
  /** Makes the run the one it is: a repeated request meets the same. */
  readonly key: string;
  /** False: it may have been made and forgotten, so it is answered if it is there, and not made. */
  readonly mayMake: boolean;
  readonly retryOf: string | null;
  /** The definition row the run uses. Asked again when an edit came between. */
  readonly definitionOf: (job: Job) => string | Promise<string>;
}

/** Makes one run outside the schedule; the cursor of the job stays where it is. */
export async function fireByHand(context: ApiContext, job: Job, byHand: ByHand): Promise<{ kind: "fired"; run: Run } | Problem> {
  if (!byHand.mayMake) return madeBefore(context, job, byHand);
  let current: Job | undefined = job;
  for (let round = 0; round < context.config.changeRoundsMax; round += 1) {
    if (current === undefined) return problem("job_deleted", `job ${job.id} was deleted meanwhile`);
    const { cause, scheduledFor, key, retryOf } = byHand;
    const entry = { ...scheduledEntry({ definitionHash: await byHand.definitionOf(current) }, scheduledFor), cause, key, retryOf };
    const fires = [{ job: current, advance: null, entries: [entry] }];
    const { outcomes } = await context.dueJobs.fire({ fires, now: context.time.decide(), claimant: null, claimed: [] });
    const [outcome] = outcomes;
    if (outcome?.kind === "won") return readFired(context, current, outcome.runs[0]?.runId ?? "");
    [current] = await context.dueJobs.read([job.uid]);
  }
  return problem("edit_conflict", `job ${job.id} was written by others each time this request tried to`);
}

async function madeBefore({ runs, digest }: ApiContext, job: Job, byHand: ByHand): Promise<{ kind: "fired"; run: Run } | Problem> {
  const run = await runs.get(job.tenantId, runIdOf(digest, { jobUid: job.uid, ...byHand }));
  return run === null ? keyExpired({ boundAt: byHand.scheduledFor }) : { kind: "fired", run };
}

async function readFired({ runs, notices }: ApiContext, job: Job, runId: string): Promise<{ kind: "fired"; run: Run } | Problem> {
  notices.runsReady(job.definition.queue);
  const run = await runs.get(job.tenantId, runId);
  return run === null ? problem("run_not_found", `run ${runId} was made, and is past its retention already`) : { kind: "fired", run };
}
