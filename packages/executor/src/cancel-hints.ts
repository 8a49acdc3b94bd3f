import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import type { Subscription } from "@tickline/shared/ports/bus";
import type { ExecutorContext } from "./executor-deps.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface CancelHintsOptions {
  readonly context: Pick<ExecutorContext, "bus" | "entropy">;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  readonly cancel: (attempt: RunningAttempt) => void;
}

/** Hears of cancel requests at once. Every executor hears all of them, so the group is its own. A lost one waits for the heartbeat. */
export function subscribeCancelHints({ context, attempts, cancel }: CancelHintsOptions): Promise<Subscription> {
  function onBatch(events: readonly TicklineEvent[]): void {
    for (const event of events) {
      if (event.type !== "CancelRequested") continue;
      const attempt = attempts.get(event.data.runId);
      if (attempt?.claim.run.tenantId === event.tenantId) cancel(attempt);
    }
  }
  return context.bus.subscribe({ topics: [CONTROL_TOPIC], group: `executor-control-${context.entropy.newId()}`, from: "end", onBatch });
}
