import type { Moment, Plan, Write } from "../checker/history.ts";
import type { ApiRequest } from "./api-client.ts";
import { carryOut, read, type CarryOutDeps, type WriteOutcome } from "./carry-out.ts";
import { jobInput, type NamedPlan, type Target } from "./job-input.ts";
import type { JobView } from "./views.ts";

export interface OwnJobDeps extends CarryOutDeps {
  readonly target: Target;
  /** Different for every client: part of all names it gives. */
  readonly name: string;
}

/** A job of one client, as the answers to that client show it. No other client writes it. */
export interface OwnJob extends NamedPlan {
  readonly id: string;
  readonly version: number;
  readonly state: "active" | "paused";
}

const KEY_SHARE = 0.7;
const IF_MATCH_SHARE = 0.3;
const PATCH_SHARE = 0.5;
const READ_BACK_SHARE = 0.25;

/** Creates a job under the id given, or with null under one of the server's. Null: it came to nothing. */
export async function createOwnJob(deps: OwnJobDeps, id: string | null, named: NamedPlan): Promise<OwnJob | null> {
  const { random, target } = deps;
  const { mark } = named.plan;
  const key = random.chance(KEY_SHARE) ? mark : null;
  const outcome = await carryOut(deps, {
    request: createRequest(id, jobInput(target, named), key),
    repeatable: id !== null || key !== null,
    find: id === null ? { name: named.name } : { id },
    stands: (found) => found !== null && target.readMark(found.params) === mark,
  });
  if (outcome.kind !== "stands" || outcome.job === null) return null;
  const { id: jobId, version } = outcome.job;
  const plan = planAsCreated(named, outcome.job);
  deps.ledger.writes.push({ kind: "create", jobId, ...outcome.moment, plan, version });
  return readBack(deps, { ...named, plan, id: jobId, version, state: "active" });
}

const createRequest = (id: string | null, body: unknown, key: string | null): ApiRequest =>
  id === null
    ? { method: "POST", path: "/jobs", body, headers: key === null ? {} : { "idempotency-key": key } }
    : { method: "PUT", path: `/jobs/${id}`, body };

/** A schedule counted from the creation of its job is known once the answer says when that was. */
const planAsCreated = ({ plan, shape }: NamedPlan, { createdAt }: JobView): Plan =>
  shape.anchoredAtCreation && plan.grid.kind === "every"
    ? { ...plan, grid: { ...plan.grid, firstAt: Date.parse(createdAt) + plan.grid.everyMs } }
    : plan;

/** Gives the job another definition. */
export async function replaceOwnJob(deps: OwnJobDeps, before: OwnJob, plan: Plan): Promise<OwnJob> {
  const { random, target } = deps;
  const matches = random.chance(IF_MATCH_SHARE);
  const outcome = await carryOut(deps, {
    request: {
      method: random.chance(PATCH_SHARE) ? "PATCH" : "PUT",
      path: `/jobs/${before.id}`,
      body: jobInput(target, { ...before, plan }),
      headers: matches ? { "if-match": `"${before.version}"` } : {},
    },
    repeatable: !matches,
    find: { id: before.id },
    stands: (found) => found !== null && target.readMark(found.params) === plan.mark,
  });
  const write = (moment: Moment, version: number): Write => ({ kind: "edit", jobId: before.id, ...moment, plan, version });
  return after(deps, outcome, { before, changed: { ...before, plan }, write });
}

/** Pauses or resumes the job. */
export async function switchOwnJob(deps: OwnJobDeps, before: OwnJob, state: OwnJob["state"]): Promise<OwnJob> {
  const kind = state === "paused" ? "pause" : "resume";
  const outcome = await carryOut(deps, {
    request: { method: "POST", path: `/jobs/${before.id}/${kind}` },
    repeatable: true,
    find: { id: before.id },
    stands: (found) => found !== null && (found.state === "paused") === (state === "paused"),
  });
  // Pausing a job that has no further instant changes nothing, and is no error.
  if (state === "paused" && outcome.kind === "stands" && outcome.job?.state === "finished") return before;
  const write = (moment: Moment, version: number): Write => ({ kind, jobId: before.id, ...moment, version });
  return after(deps, outcome, { before, changed: { ...before, state }, write });
}

/** Deletes the job. Null: it is gone. */
export async function removeOwnJob(deps: OwnJobDeps, job: OwnJob): Promise<OwnJob | null> {
  const outcome = await carryOut(deps, {
    request: { method: "DELETE", path: `/jobs/${job.id}` },
    repeatable: true,
    find: { id: job.id },
    stands: (found) => found === null,
  });
  if (outcome.kind !== "stands") return job;
  deps.ledger.writes.push({ kind: "delete", jobId: job.id, ...outcome.moment });
  return null;
}

interface Change {
  readonly before: OwnJob;
  readonly changed: OwnJob;
  readonly write: (moment: Moment, version: number) => Write;
}

function after(deps: OwnJobDeps, outcome: WriteOutcome, { before, changed, write }: Change): Promise<OwnJob> | OwnJob {
  if (outcome.kind !== "stands" || outcome.job === null) return before;
  deps.ledger.writes.push(write(outcome.moment, outcome.job.version));
  return readBack(deps, { ...changed, version: outcome.job.version });
}

/** Now and then reads what was just acknowledged: it must be there. */
async function readBack(deps: OwnJobDeps, job: OwnJob): Promise<OwnJob> {
  if (!deps.random.chance(READ_BACK_SHARE)) return job;
  const fault = staleness(job, await read(deps, { id: job.id }), deps.target);
  if (fault !== null) deps.ledger.wrongAnswers.push(`job ${job.id} ${fault}`);
  return job;
}

function staleness(job: OwnJob, found: JobView | null, { readMark }: Target): string | null {
  if (found === null) return "was acknowledged, and cannot be read";
  if (readMark(found.params) !== job.plan.mark) return `was read with ${readMark(found.params)}, not ${job.plan.mark}`;
  if ((found.state === "paused") !== (job.state === "paused")) return `was read as ${found.state}, not ${job.state}`;
  return found.version < job.version ? `was read with version ${found.version}, not ${job.version}` : null;
}
