import { toIso } from "@tickline/shared/domain/time/instant";
import type { HandlerContext, HandlerLastRun } from "../../handlers/handler.ts";
import type { TemplateValues } from "./fill-template.ts";

type Run = Pick<HandlerContext, "runId" | "jobId" | "attempt" | "scheduledFor" | "idempotencyKey" | "lastRun">;

/** What a template may name of a run, with `data` of the job as `params.x`. Of a job without an earlier run, the values of `lastRun` are null. */
export function runValues(
  { runId, jobId, attempt, scheduledFor, idempotencyKey, lastRun }: Run,
  data: Readonly<Record<string, unknown>>,
): TemplateValues {
  return {
    scheduledFor: instant(scheduledFor),
    runId,
    jobId,
    attempt,
    idempotencyKey,
    ...lastRunValues(lastRun),
    ...Object.fromEntries(Object.entries(data).map(([name, value]) => [`params.${name}`, value])),
  };
}

const lastRunValues = (lastRun: HandlerLastRun | null) => ({
  "lastRun.runId": lastRun?.runId ?? null,
  "lastRun.state": lastRun?.state ?? null,
  "lastRun.scheduledFor": instant(lastRun?.scheduledFor ?? null),
  "lastRun.startedAt": instant(lastRun?.startedAt ?? null),
  "lastRun.finishedAt": instant(lastRun?.finishedAt ?? null),
});

const instant = (at: Date | null): string | null => (at === null ? null : toIso(at.getTime()));
