import type { ServerResponse } from "node:http";
import { HandlerTypeSchema, QueueNameSchema } from "@tickline/shared/domain/job/job-definition";
import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import { FOREIGN_NAME_LENGTH_MAX, FOREIGN_NAME_PATTERN } from "@tickline/shared/domain/run/executor-name";
import { jobStarted } from "@tickline/shared/events/job-started";
import { clientAddress } from "@tickline/shared/runtime/http/client-address";
import { z } from "zod";
import type { ApiConfig } from "../api-config.ts";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { bodyRoute, noQuery, type BodySpec, type OutsideSlot, type Route } from "../http/route.ts";
import { problem, RETRY_AFTER_S, shuttingDown, type Problem } from "../problems/problem.ts";
import { claimRuns, type ClaimRequest } from "./claim-runs.ts";
import type { ClaimPlace, ClaimWaits } from "./claim-waits.ts";
import { ClaimedRunView, showClaimedRun } from "./claimed-run-view.ts";
import { queueProblem } from "./external-queue.ts";
import { giveBack } from "./settle-attempts.ts";

const ExecutorName = z
  .string()
  .min(1)
  .max(FOREIGN_NAME_LENGTH_MAX)
  .regex(FOREIGN_NAME_PATTERN, "must not be a name of Tickline's own services and executors");

const claimBody = (config: ApiConfig): BodySpec<z.output<ReturnType<typeof claimSchema>>> => ({
  schema: claimSchema(config),
  example: { executor: "worker-1", limit: 4 },
});

const claimSchema = (config: ApiConfig) =>
  z
    .strictObject({
      executor: ExecutorName.meta({
        description: "The name of the process that executes the runs. Each process needs its own; the history shows it.",
      }),
      handlers: z
        .array(HandlerTypeSchema)
        .min(1)
        .max(config.claimHandlersMax)
        .optional()
        .meta({ description: "Only runs of these handlers. Without it: runs of any handler." }),
      limit: z.int().min(1).max(config.claimRunsMax).default(1).meta({ description: "How many runs the executor can begin now." }),
      waitMs: z
        .int()
        .min(0)
        .max(config.claimWaitMsMax)
        .default(0)
        .meta({ description: "How long to wait for a run if there is none. The answer comes as soon as there is one." }),
      leaseMs: z.int().min(config.claimLeaseMsMin).max(config.claimLeaseMsMax).default(config.claimLeaseMs).meta({
        description: "How long the lease lasts from the claim, and from each heartbeat; at most the `timeoutMs` of the job and 10 s.",
      }),
    })
    .meta({ id: "Claim" });

const ClaimAnswer = z.object({ runs: z.array(ClaimedRunView) }).meta({ id: "ClaimedRuns" });

export interface ClaimRouteDeps {
  readonly context: ApiContext;
  readonly waits: ClaimWaits;
  readonly draining: () => boolean;
}

/** `POST /queues/:id/claim` */
export function claimRoute(deps: ClaimRouteDeps): Route {
  const { context, draining } = deps;
  return bodyRoute({
    method: "post",
    path: "/queues/:id/claim",
    query: noQuery,
    body: claimBody(context.config),
    docs: {
      operationId: "claimRuns",
      tag: "Queues",
      id: QueueNameSchema,
      summary: "Claim runs of an external queue",
      description:
        "For executors of your own, in any language: docs/executors-over-http.md. Without a run that can be claimed, the answer is an empty list, after `waitMs`.",
      responses: { 200: { description: "The runs that the executor has now.", schema: ClaimAnswer } },
      problems: ["queue_not_found", "internal_queue", "too_many_claims", "shutting_down"],
    },
    async handle({ id: queue, body, outsideSlot, connection: { req, res } }) {
      const refused = queueProblem(context, queue) ?? (draining() ? shuttingDown() : null);
      if (refused !== null) return refused;
      const { executor, handlers = null, limit, leaseMs, waitMs } = body;
      const request = { queue, executor, handlers, limit, leaseMs };
      const client = clientAddress(req.socket.remoteAddress);
      const claims = await claimOrWait(deps, request, { client, res, waitMs, outsideSlot });
      return "kind" in claims ? claims : json(200, { runs: await startAttempts(context, claims, { executor, res }) });
    },
  });
}

interface Wait {
  readonly client: string;
  readonly res: ServerResponse;
  readonly waitMs: number;
  readonly outsideSlot: OutsideSlot;
}

async function claimOrWait(
  deps: ClaimRouteDeps,
  request: ClaimRequest,
  { client, res, waitMs, outsideSlot }: Wait,
): Promise<readonly ClaimedRun[] | Problem> {
  const { context, waits } = deps;
  const untilMs = context.clock.monotonicMs() + waitMs;
  const claims = await claimRuns(context, request);
  if (claims.length > 0 || waitMs === 0) return claims;
  const place = waits.enter({ queue: request.queue, handlers: request.handlers, client });
  if (typeof place === "string") return tooManyClaims(place);
  res.once("close", place.end);
  if (res.closed) place.end();
  try {
    return await claimWhenWoken(context, request, { place, untilMs, outsideSlot });
  } finally {
    res.off("close", place.end);
    place.leave();
  }
}

/** Looks before it waits: a run that became due before the claim had its place woke nobody. */
async function claimWhenWoken(
  context: ApiContext,
  request: ClaimRequest,
  { place, untilMs, outsideSlot }: { readonly place: ClaimPlace; readonly untilMs: number; readonly outsideSlot: OutsideSlot },
): Promise<readonly ClaimedRun[]> {
  const { clock, config } = context;
  for (;;) {
    if (place.ended) return [];
    place.looking();
    const claims = await claimRuns(context, request);
    const leftMs = untilMs - clock.monotonicMs();
    if (claims.length > 0 || leftMs <= 0) return claims;
    await outsideSlot(() => place.woken(Math.min(leftMs, config.claimLookMs)));
  }
}

const tooManyClaims = (why: string): Problem =>
  problem("too_many_claims", `${why}: ask for more runs with one claim (limit), or repeat the request later`, {
    headers: { "Retry-After": String(RETRY_AFTER_S) },
  });

/** A client that has gone cannot get the runs: they are due again at once, and not only when their leases end. */
async function startAttempts(
  context: ApiContext,
  claims: readonly ClaimedRun[],
  { executor, res }: { readonly executor: string; readonly res: ServerResponse },
): Promise<readonly ClaimedRunView[]> {
  if (res.closed) {
    await giveBack(context, claims);
    return [];
  }
  context.notices.attempts(claims.map((claim) => jobStarted(claim, executor)));
  return claims.map(showClaimedRun);
}
