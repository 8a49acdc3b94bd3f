import { deeperThan, jsonBytes, type JsonValue } from "@tickline/shared/domain/json/json";
import type { CancelRun, Command, CreateJob, TriggerJob } from "@tickline/shared/events/command";
import type { ApiContext } from "../api-context.ts";
import { malformedId, problem, type Problem } from "../problems/problem.ts";
import { toFaultProblem } from "../problems/fault-problem.ts";
import { parseBody } from "../http/route.ts";
import { jobNotFound } from "../jobs/change-job.ts";
import { isJobId } from "../jobs/job-answer.ts";
import { hasPrototypeKey } from "../request/json-body.ts";
import { createJob } from "../jobs/create-job.ts";
import { jobBodies, looseFaults } from "../jobs/job-input.ts";
import { cancelRun } from "../runs/cancel-run.ts";
import { triggerBody, triggerJob } from "../runs/trigger-job.ts";
import { isRunId, readRepliedRun, runNotFound } from "../runs/run-answer.ts";
import { showJob } from "../views/job-view.ts";
import { answered, refusedBy, type CommandOutcome } from "./command-outcome.ts";
import { envelopeRefusal } from "./envelope-check.ts";

/**
 * Carries out a command by the rules of the API, with its id as the idempotency key. Rejects only if the same command may succeed
 * later, for example when the store is unavailable. Every other fault is a refusal, so that no command blocks others.
 */
export async function performCommand(context: ApiContext, command: Command): Promise<CommandOutcome> {
  const refusal = envelopeRefusal(context, command);
  if (refusal !== null) return refusal;
  try {
    return await perform(context, command);
  } catch (thrown) {
    const { fault, problem: answer } = toFaultProblem(thrown, `${command.type} ${command.id}`);
    if (fault.retryable) throw fault;
    context.log.error({ err: fault, command: command.type, id: command.id }, "a command failed");
    return refusedBy(answer);
  }
}

function perform(context: ApiContext, command: Command): Promise<CommandOutcome> {
  switch (command.type) {
    case "CreateJob":
      return create(context, command);
    case "TriggerJob":
      return trigger(context, command);
    case "CancelRun":
      return cancel(context, command);
  }
}

async function create(context: ApiContext, { id: key, tenantId, data: { jobId, job: given } }: CreateJob): Promise<CommandOutcome> {
  if (jobId !== null && !isJobId(jobId)) return refusedBy(malformedId(jobId));
  const unfit = bodyProblem(context, given);
  if (unfit !== null) return refusedBy(unfit);
  const body = await parseBody({ ...jobBodies(context).create, also: (loose) => looseFaults(context, loose) }, given);
  if (body.kind === "problem") return refusedBy(body);
  const result = await createJob(context, { tenantId, id: jobId, input: body.value, key });
  if (result.kind === "problem") return refusedBy(result);
  return answered({ jobId: result.job.id, runId: null }, showJob(result.job));
}

async function trigger(context: ApiContext, { id: key, tenantId, data: { jobId, params } }: TriggerJob): Promise<CommandOutcome> {
  if (!isJobId(jobId)) return refusedBy(jobNotFound(jobId));
  const unfit = bodyProblem(context, params);
  if (unfit !== null) return refusedBy(unfit);
  const body = await parseBody(triggerBody, params === null ? {} : { params });
  if (body.kind === "problem") return refusedBy(body);
  const result = await triggerJob(context, { tenantId, jobId, params: body.value.params, key });
  if (result.kind === "problem") return refusedBy(result);
  return answered({ jobId: result.run.jobId, runId: result.run.runId }, await readRepliedRun(context, result.run));
}

/** A run that is already cancelled is a success: the command may be a repeat. */
async function cancel(context: ApiContext, { id, source, tenantId, data: { runId } }: CancelRun): Promise<CommandOutcome> {
  if (!isRunId(runId)) return refusedBy(runNotFound(runId));
  const result = await cancelRun(context, { tenantId, runId, by: { kind: "command", source, commandId: id } });
  const run = result.kind === "accepted" ? result.run : await context.runs.get(tenantId, runId);
  if (result.kind === "problem" && run?.state !== "cancelled") return refusedBy(result);
  return run === null ? refusedBy(runNotFound(runId)) : answered({ jobId: run.jobId, runId }, await readRepliedRun(context, run));
}

/** The limits that bodies of requests have too. Code that checks the value later may then recurse safely. */
function bodyProblem({ config: { bodyDepthMax, bodyBytesMax } }: ApiContext, given: JsonValue): Problem | null {
  if (deeperThan(given, bodyDepthMax)) return problem("body_too_deep", `objects and lists may be nested ${bodyDepthMax} deep`);
  if (jsonBytes(given) > bodyBytesMax) return problem("body_too_large", `it may have ${bodyBytesMax} bytes of JSON`);
  return hasPrototypeKey(given) ? problem("forbidden_key", 'no object may have a key "__proto__"') : null;
}
