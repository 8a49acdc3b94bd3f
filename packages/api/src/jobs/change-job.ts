import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import { jobEvent, type JobEvent } from "@tickline/shared/events/job-event";
import type { ApiContext } from "../api-context.ts";
import { quote } from "../problems/quote.ts";
import { meets, toEtag, type Condition } from "../request/conditions.ts";
import { problem, RETRY_AFTER_S, type Problem } from "../problems/problem.ts";
import { evaluationFault } from "@tickline/shared/domain/job/job-evaluation";
import { fireOwed, recordMisfires, recordPause, recordUncounted } from "./fire-owed.ts";

/** `keep`: nothing has to change. `recordsPause`: the change moves the cursor past the next instant, so a pause that it ends is recorded in the history first. */
export type Decision =
  | { readonly kind: "keep" }
  | { readonly kind: "change"; readonly next: Job; readonly says: Says; readonly recordsPause: boolean }
  | Problem;

/** The type of the event, or a function that makes it. */
type Says = JobEvent["type"] | ((job: Job) => JobEvent);

export interface ChangeRequest {
  readonly tenantId: string;
  readonly jobId: string;
  readonly condition: Condition;
  /** Called with a job whose instants up to `now` have been fired, or that cannot be evaluated. Called again if another write came first. */
  readonly decide: (job: Job, now: Instant) => Decision | Promise<Decision>;
  /** Further work of the change. Until it is done, the event of the change stays in the outbox, where the sweep of a scheduler finds it after a crash. */
  readonly complete?: (event: JobEvent) => Promise<void>;
}

export type ChangeResult =
  | { readonly kind: "changed"; readonly job: Job }
  | { readonly kind: "kept"; readonly job: Job }
  | { readonly kind: "missing" }
  | Problem;

type Round = ChangeResult | { readonly kind: "stale" };

/** One edit of a job: fire due instants, decide, compare-and-set. It starts again if another write came first. */
export async function changeJob(context: ApiContext, request: ChangeRequest): Promise<ChangeResult> {
  for (let round = 0; round < context.config.changeRoundsMax; round += 1) {
    const result = await tryChange(context, request);
    if (result.kind !== "stale") return result;
  }
  return problem(
    "edit_conflict",
    `job ${request.jobId} was changed by other requests each time this request tried to write it`,
    RETRY_SOON,
  );
}

async function tryChange(context: ApiContext, request: ChangeRequest): Promise<Round> {
  const { tenantId, jobId, condition, decide } = request;
  const read = await context.jobs.get(tenantId, jobId);
  if (read === null) return { kind: "missing" };
  if (!meets(condition, read.version)) return versionMismatch(read);
  const now = context.time.decide();
  if (evaluationFault(read) !== null) return tryRepair(context, read, { ...request, now });
  const owed = await fireOwed(context, read, now);
  if (owed.kind === "stale") return owed;
  if (owed.kind === "behind")
    return problem("catching_up", `job ${jobId} has more due instants than one request fires; repeat the request to continue`, RETRY_SOON);
  const decision = await decide(owed.job, now);
  if (decision.kind === "problem") return decision;
  if (decision.kind === "keep") return { kind: "kept", job: owed.job };
  if (decision.recordsPause && !(await recordPause(context, owed.job, now))) return { kind: "stale" };
  if (!(await recordMisfires(context, owed.job, now))) return { kind: "stale" };
  return write(context, owed.job, { ...request, says: decision.says, next: { ...decision.next, misfires: null } });
}

/** The same for a job that this process cannot evaluate: it records that instants passed, and makes the change. */
async function tryRepair(
  context: ApiContext,
  job: Job,
  { decide, complete, now }: Pick<ChangeRequest, "decide" | "complete"> & { readonly now: Instant },
): Promise<Round> {
  const decision = await decide(job, now);
  if (decision.kind === "problem") return decision;
  if (decision.kind === "keep") return { kind: "kept", job };
  const { next, says, recordsPause } = decision;
  if (recordsPause && !(await recordUncounted(context, job, { next, now }))) return { kind: "stale" };
  return write(context, job, { complete, says, next: { ...next, misfires: recordsPause ? null : job.misfires } });
}

async function write(
  { jobs, notices }: ApiContext,
  previous: Job,
  { next, says, complete }: { readonly next: Job; readonly says: Says; readonly complete?: ChangeRequest["complete"] | undefined },
): Promise<Round> {
  const event = typeof says === "function" ? says(next) : jobEvent(says, next);
  const outcome = await jobs.change(previous.tenantId, { previous, next, event });
  if (outcome.kind !== "changed") return outcome;
  await complete?.(event);
  notices.jobWritten(event);
  return outcome;
}

const RETRY_SOON = { headers: { "Retry-After": String(RETRY_AFTER_S) } };

/** The next version of a job. */
export const nextVersion = (job: Job, changes: Partial<Job>, now: Instant): Job => ({
  ...job,
  ...changes,
  version: job.version + 1,
  updatedAt: now,
});

/** The problem of a request that needs the instants of a job that this process cannot evaluate. */
export const notEvaluated = (job: Job, reason: string): Problem =>
  problem("schedule_not_evaluated", `job ${job.id}: ${reason}; give it another schedule, or ask a service that knows this one`);

/** The problem of a request that needs a definition that cannot be read. */
export const definitionUnreadable = (job: Job): Problem =>
  problem(
    "stored_unreadable",
    `job ${job.id}: ${job.unreadable ?? "its definition cannot be read"}; replace it as a whole by PUT, or delete it`,
  );

export const jobNotFound = (jobId: string): Problem => problem("job_not_found", `there is no job ${quote(jobId)}`);

export const versionMismatch = (job: Job | null): Problem =>
  job === null
    ? problem("version_mismatch", "there is no such job, and If-Match requires one")
    : problem("version_mismatch", `the job is at version ${job.version}`, { headers: { ETag: toEtag(job.version) } });
