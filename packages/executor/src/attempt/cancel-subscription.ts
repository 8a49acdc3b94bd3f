import type { CancelRequested } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { createLastingSubscription } from "@tickline/shared/runtime/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service";
import type { ExecutorContext } from "../executor-context.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface CancelHintsOptions {
  readonly context: Pick<ExecutorContext, "bus" | "clock" | "entropy" | "log">;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  /** Asks the store whether somebody wants these attempts cancelled, and cancels those. */
  readonly ask: (attempts: readonly RunningAttempt[]) => Promise<void>;
}

/**
 * Hears of cancel requests at once. A hint cancels nothing: anybody may publish one, and the flag stands in the store, which is asked. Every
 * executor hears all of them, so the group is its own. A lost one waits for the heartbeat.
 */
export function createCancelHints({ context, attempts, ask }: CancelHintsOptions): Service {
  const { entropy, log } = context;

  function namedBy({ tenantId, data }: CancelRequested): RunningAttempt[] {
    const attempt = attempts.get(data.runId);
    return attempt === undefined || attempt.aborted !== null || attempt.claim.run.tenantId !== tenantId ? [] : [attempt];
  }
  async function onBatch(events: readonly TicklineEvent[]): Promise<void> {
    const named = new Set(events.flatMap((event) => (event.type === "CancelRequested" ? namedBy(event) : [])));
    if (named.size === 0) return;
    await ask([...named]).catch((fault: unknown) =>
      log.warn({ err: fault }, "the store was not asked for cancel requests; the heartbeat asks"),
    );
  }
  return createLastingSubscription({
    ...context,
    request: () => ({ topics: [CONTROL_TOPIC], group: `executor-control-${entropy.newId()}`, from: "end", onBatch }),
  });
}
