import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { ExecutorContext } from "../executor-context.ts";

/** Of the refused messages of one batch, as many are logged one by one; the dead letters have all of them. */
const TOLD_MAX = 10;

/** Counts and logs what a consumer of due runs refuses. */
export function tellRefused(
  { metrics, log }: Pick<ExecutorContext, "metrics" | "log">,
  queue: string,
  refused: readonly RefusedEvent[],
): void {
  if (refused.length === 0) return;
  metrics.claims.refused.inc(refused.length);
  for (const { event, reason } of refused.slice(0, TOLD_MAX)) {
    const { runId, attempt } = event.type === "JobDue" ? event.data : { runId: null, attempt: null };
    log.warn({ queue, type: event.type, id: event.id, source: event.source, runId, attempt, reason }, "a message was refused");
  }
  if (refused.length > TOLD_MAX) log.warn({ queue, messages: refused.length - TOLD_MAX }, "more messages of the batch were refused");
}
