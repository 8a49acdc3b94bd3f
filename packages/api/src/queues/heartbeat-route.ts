import { QueueNameSchema } from "@tickline/shared/domain/job/job-definition";
import { attemptTimedOut } from "@tickline/shared/domain/run/run-error";
import { toIso, type Instant } from "@tickline/shared/domain/time/instant";
import { inParallel } from "@tickline/shared/runtime/batch/in-parallel";
import { z } from "zod";
import type { ApiConfig } from "../api-config.ts";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { bodyRoute, noQuery, type BodySpec, type Route } from "../http/route.ts";
import { InstantView } from "../views/instant-view.ts";
import { RunIdView } from "../views/run-view.ts";
import { ClaimedRunId, LeaseTokenView } from "./claimed-run-view.ts";
import { queueProblem } from "./external-queue.ts";
import { planHeartbeat, type HeldAttempt, type RenewalGroup } from "./heartbeat-plan.ts";
import { readLeaseToken } from "./lease-token.ts";
import { settleAttempts, type SettleContext } from "./settle-attempts.ts";

const heartbeatSchema = (config: ApiConfig) =>
  z
    .strictObject({
      runs: z
        .array(z.strictObject({ runId: ClaimedRunId, token: LeaseTokenView }))
        .min(1)
        .max(config.heartbeatRunsMax),
    })
    .meta({ id: "Heartbeat" });

const STOPS = ["cancelled", "timeout", "lease_lost"] as const;

const KeptAttemptView = z
  .object({
    runId: RunIdView,
    held: z.boolean().meta({ description: "The executor still has the attempt; its lease was renewed." }),
    stop: z.enum(STOPS).nullable().meta({
      description:
        "Null: go on. Else the executor ends its work. `cancelled`: settle the attempt as `cancelled`. `timeout`: it is over its `timeoutMs`; settle it as `failed`. `lease_lost`: the executor does not have the attempt any more; do not settle it.",
    }),
    leaseEndsAt: InstantView.nullable().meta({ description: "Null: it is not held." }),
  })
  .meta({ id: "KeptAttempt" });
type KeptAttemptView = z.infer<typeof KeptAttemptView>;

/** `POST /queues/:id/heartbeat` */
export const heartbeatRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/queues/:id/heartbeat",
    query: noQuery,
    body: heartbeatBody(context.config),
    docs: {
      operationId: "keepRuns",
      tag: "Queues",
      id: QueueNameSchema,
      summary: "Renew the leases of attempts",
      description: "Well before the leases end, for example after a third of `leaseMs`. The answer says which attempts have to end.",
      responses: {
        200: {
          description: "Each attempt, in the order of the request.",
          schema: z.object({ runs: z.array(KeptAttemptView) }).meta({ id: "KeptAttempts" }),
        },
      },
      problems: ["queue_not_found", "internal_queue"],
    },
    async handle({ id: queue, body: { runs } }) {
      return queueProblem(context, queue) ?? json(200, { runs: await keepAttempts(context, runs) });
    },
  });

const heartbeatBody = (config: ApiConfig): BodySpec<z.output<ReturnType<typeof heartbeatSchema>>> => ({
  schema: heartbeatSchema(config),
  example: { runs: [{ runId: "01KDR4Y7Z0000000000000000A", token: "http/mk0w1q.mk0w2x.n5c/…" }] },
});

/** Writes of one heartbeat that are in flight at once. */
const WRITES_AT_ONCE = 4;

/** By the store's time, and also while that is not steady: an executor must not lose its leases because of that. */
async function keepAttempts(context: SettleContext, attempts: readonly HeldAttempt[]): Promise<readonly KeptAttemptView[]> {
  const now = context.clock.now();
  const { renewals, overTime, timedOut } = planHeartbeat(attempts, now, context.config.timeoutGraceMs);
  const views = new Map<HeldAttempt, KeptAttemptView>();
  await inParallel(renewals, {
    atOnce: WRITES_AT_ONCE,
    async work(group) {
      for (const [attempt, stop] of await renew(context, group, now))
        views.set(
          attempt,
          showKept(attempt, { stop: stop ?? (overTime.has(attempt) ? "timeout" : null), leaseEndsAt: now + group.leaseMs }),
        );
    },
  });
  await endTimedOut(context, timedOut);
  for (const attempt of timedOut) views.set(attempt, { ...notHeld(attempt), stop: "timeout" });
  return attempts.map((attempt) => views.get(attempt) ?? notHeld(attempt));
}

async function renew(
  { claims }: SettleContext,
  { leaseMs, attempts }: RenewalGroup,
  now: Instant,
): Promise<ReadonlyMap<HeldAttempt, "cancelled" | null>> {
  const answer = await claims.heartbeat({ leases: attempts, leaseMs, now });
  const [renewed, cancelled] = [new Set(answer.renewed), new Set(answer.cancelRequested)];
  const held = attempts.filter(({ runId }) => renewed.has(runId));
  return new Map(held.map((attempt) => [attempt, cancelled.has(attempt.runId) ? ("cancelled" as const) : null]));
}

/** As of a handler that ignores that it was asked to end, except that its executor goes on: the work of two attempts may overlap. */
async function endTimedOut(context: SettleContext, attempts: readonly HeldAttempt[]): Promise<void> {
  const ends = attempts.map(({ runId, token }) => {
    const { startedAt = 0, timeoutAt = 0 } = readLeaseToken(token) ?? {};
    const error = attemptTimedOut({ timeoutMs: timeoutAt - startedAt });
    return { runId, token, end: { state: "failed", error, stack: null, retryAfterMs: null } as const };
  });
  await settleAttempts(context, ends);
}

const showKept = (
  { runId }: HeldAttempt,
  { stop, leaseEndsAt }: { readonly stop: KeptAttemptView["stop"]; readonly leaseEndsAt: Instant },
): KeptAttemptView => ({ runId, held: true, stop, leaseEndsAt: toIso(leaseEndsAt) });

const notHeld = ({ runId }: HeldAttempt): KeptAttemptView => ({ runId, held: false, stop: "lease_lost", leaseEndsAt: null });
