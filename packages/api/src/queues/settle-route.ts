import { QueueNameSchema } from "@tickline/shared/domain/job/job-definition";
import { JsonSchema } from "@tickline/shared/domain/json/json";
import { RETRY_DELAY_MS_MAX } from "@tickline/shared/domain/policy/retry-policy";
import { runError } from "@tickline/shared/domain/run/run-error";
import { toIso } from "@tickline/shared/domain/time/instant";
import { z } from "zod";
import type { ApiConfig } from "../api-config.ts";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { bodyRoute, noQuery, type BodySpec, type Route } from "../http/route.ts";
import { InstantView } from "../views/instant-view.ts";
import { RunIdView } from "../views/run-view.ts";
import { ClaimedRunId, LeaseTokenView } from "./claimed-run-view.ts";
import { queueProblem } from "./external-queue.ts";
import { settleAttempts, type AttemptOutcome, type ReportedAttempt } from "./settle-attempts.ts";

const attempt = { runId: ClaimedRunId, token: LeaseTokenView };

const ReportedError = z
  .strictObject({
    code: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, "must be 1 to 64 letters, digits, dots, underscores or hyphens, and begin with a letter")
      .default("executor_error")
      .meta({ description: "Jobs may name codes that are not retried (`retry.nonRetryable`)." }),
    message: z.string().min(1).meta({ description: "For a person; at most 2,000 characters are kept." }),
    retryable: z.boolean().default(true).meta({ description: "False: another attempt would fail too, so there is none." }),
    stack: z.string().optional().meta({ description: "Where it failed; at most 2,000 characters are kept." }),
  })
  .meta({ id: "ReportedError" });

const ReportedAttemptSchema = z.discriminatedUnion("state", [
  z.strictObject({
    ...attempt,
    state: z.literal("succeeded"),
    output: JsonSchema.default(null).meta({ description: "At most 65,536 bytes of JSON." }),
  }),
  z.strictObject({
    ...attempt,
    state: z.literal("failed"),
    error: ReportedError,
    retryAfterMs: z
      .int()
      .min(0)
      .max(RETRY_DELAY_MS_MAX)
      .optional()
      .meta({ description: "The least delay before another attempt, if the retry policy of the job gives one." }),
  }),
  z.strictObject({ ...attempt, state: z.literal("cancelled") }),
  z.strictObject({ ...attempt, state: z.literal("released") }),
]);

const settleSchema = (config: ApiConfig) =>
  z.strictObject({ runs: z.array(ReportedAttemptSchema).min(1).max(config.settleRunsMax) }).meta({ id: "Settle" });

const SettledAttemptView = z
  .object({
    runId: RunIdView,
    result: z.enum(["settled", "stale", "refused"]).meta({
      description:
        "`settled`: the attempt has ended so, now or by an earlier request. `stale`: the executor does not have the attempt any more; the run is unknown, or another attempt follows or has followed. `refused`: the store does not take this result; `detail` says why.",
    }),
    state: z
      .enum(["succeeded", "failed", "cancelled", "retrying", "due"])
      .nullable()
      .meta({ description: "The state of the run after it; null unless it was settled." }),
    retryAt: InstantView.nullable().meta({ description: "When the next attempt is due, of a run in the state `retrying`." }),
    detail: z.string().nullable(),
  })
  .meta({ id: "SettledAttempt" });
type SettledAttemptView = z.infer<typeof SettledAttemptView>;

/** `POST /queues/:id/settle` */
export const settleRoute = (context: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/queues/:id/settle",
    query: noQuery,
    body: settleBody(context.config),
    docs: {
      operationId: "settleRuns",
      tag: "Queues",
      id: QueueNameSchema,
      summary: "Report how attempts ended",
      description: "Repeat the request until it is answered: an attempt is settled once. Failures are retried by the policy of the job.",
      responses: {
        200: {
          description: "The outcome of each, in the order of the request.",
          schema: z.object({ runs: z.array(SettledAttemptView) }).meta({ id: "SettledAttempts" }),
        },
      },
      problems: ["queue_not_found", "internal_queue"],
    },
    async handle({ id: queue, body: { runs } }) {
      const refused = queueProblem(context, queue);
      if (refused !== null) return refused;
      const outcomes = await settleAttempts(context, runs.map(toReported));
      return json(200, { runs: outcomes.map((outcome, index) => showOutcome(runs[index]?.runId ?? "", outcome)) });
    },
  });

const settleBody = (config: ApiConfig): BodySpec<z.output<ReturnType<typeof settleSchema>>> => ({
  schema: settleSchema(config),
  example: { runs: [{ runId: "01KDR4Y7Z0000000000000000A", token: "http/mk0w1q.mk0w2x.n5c/…", state: "succeeded", output: { rows: 12 } }] },
});

function toReported({ runId, token, ...end }: z.output<typeof ReportedAttemptSchema>): ReportedAttempt {
  if (end.state !== "failed") return { runId, token, end };
  const { code, message, retryable, stack = null } = end.error;
  return {
    runId,
    token,
    end: { state: "failed", error: runError(code, message, retryable), stack, retryAfterMs: end.retryAfterMs ?? null },
  };
}

function showOutcome(runId: string, outcome: AttemptOutcome): SettledAttemptView {
  const settled = { runId, result: "settled", retryAt: null, detail: null } as const;
  switch (outcome.kind) {
    case "ended":
      return { ...settled, state: outcome.run.state as NonNullable<SettledAttemptView["state"]> };
    case "retrying":
      return { ...settled, state: "retrying", retryAt: toIso(outcome.retryAt) };
    case "released":
      return { ...settled, state: "due" };
    case "stale":
      return { ...settled, result: "stale", state: null };
    case "refused":
      return { ...settled, result: "refused", state: null, detail: outcome.detail };
  }
}
