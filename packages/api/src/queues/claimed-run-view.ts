import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import { JsonObjectSchema } from "@tickline/shared/domain/json/json";
import { JobIdSchema } from "@tickline/shared/domain/job/job-definition";
import { RUN_ID_PATTERN } from "@tickline/shared/domain/run/run-id";
import { RunIdentitySchema } from "@tickline/shared/domain/run/run";
import { toIso } from "@tickline/shared/domain/time/instant";
import { z } from "zod";
import { InstantView } from "../views/instant-view.ts";
import { LastRunView, showLastRun } from "../views/job-view.ts";
import { RunIdView } from "../views/run-view.ts";
import { LEASE_TOKEN_LENGTH_MAX, readLeaseToken } from "./lease-token.ts";

export const LeaseTokenView = z
  .string()
  .min(1)
  .max(LEASE_TOKEN_LENGTH_MAX)
  .meta({ id: "LeaseToken", description: "The right to renew and to settle one attempt. Send it back as it is." });

/** The run that a request names. */
export const ClaimedRunId = z.string().regex(RUN_ID_PATTERN, "must be the id of a run, as its claim was answered");

const { queue, handler, cause, priority, jobVersion } = RunIdentitySchema.shape;

/** A run with everything that its executor needs: what a handler of Tickline's own executors receives, and the lease. */
export const ClaimedRunView = z
  .object({
    runId: RunIdView,
    token: LeaseTokenView,
    jobId: JobIdSchema,
    jobVersion,
    queue,
    handler,
    params: JsonObjectSchema,
    cause,
    priority,
    scheduledFor: InstantView.meta({ description: "The nominal instant, or the time of the request." }),
    attempt: z.int().meta({ description: "Counted from 1. It rises with every start of the run." }),
    failures: z.int().meta({ description: "Failed attempts so far." }),
    startedAt: InstantView.meta({ description: "The start of this attempt." }),
    timeoutMs: z.int().meta({ description: "The `timeoutMs` of the job." }),
    timeoutAt: InstantView.meta({ description: "The attempt has to end by then: heartbeats ask for its end from then on." }),
    leaseMs: z.int().meta({ description: "How long the lease lasts from the claim, and from each heartbeat." }),
    leaseEndsAt: InstantView.meta({ description: "Without a heartbeat before this, the run is given to another executor." }),
    workersMax: z.int().nullable().meta({ description: "Runs of the job that one executor may execute at once; null: any number." }),
    lastRun: LastRunView.nullable().meta({ description: "The latest run of the job that started or ended before this one." }),
    fence: z
      .object({ scheduledFor: InstantView, attempt: z.int() })
      .meta({ description: "For targets: one that has seen a later fence of the job refuses an earlier one." }),
    idempotencyKey: RunIdView.meta({ description: "For targets: the same on every attempt of the run." }),
  })
  .meta({ id: "ClaimedRun" });
export type ClaimedRunView = z.infer<typeof ClaimedRunView>;

export function showClaimedRun({ run, token, startedAt }: ClaimedRun): ClaimedRunView {
  const { leaseMs = 0, timeoutAt = startedAt } = readLeaseToken(token) ?? {};
  const scheduledFor = toIso(run.scheduledFor);
  return {
    runId: run.runId,
    token,
    jobId: run.jobId,
    jobVersion: run.jobVersion,
    queue: run.queue,
    handler: run.handler,
    params: run.params,
    cause: run.cause,
    priority: run.priority,
    scheduledFor,
    attempt: run.attempt,
    failures: run.failures,
    startedAt: toIso(startedAt),
    timeoutMs: run.timeoutMs,
    timeoutAt: toIso(timeoutAt),
    leaseMs,
    leaseEndsAt: toIso(startedAt + leaseMs),
    workersMax: run.workersMax,
    lastRun: run.lastRun === null ? null : showLastRun(run.lastRun),
    fence: { scheduledFor, attempt: run.attempt },
    idempotencyKey: run.runId,
  };
}
