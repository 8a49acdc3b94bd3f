import type { CancelRequested } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ExecutorContext } from "../executor-context.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface CancelSubscriptionOptions {
  readonly context: Pick<ExecutorContext, "bus" | "clock" | "entropy" | "log">;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  /** Asks the store whether these attempts are to be cancelled, and cancels them if so. */
  readonly checkCancels: (attempts: readonly RunningAttempt[]) => Promise<void>;
}

/**
 * Receives cancel requests at once. A message alone cancels nothing, because any program may publish one: the store has the flag, and is read. Every
 * executor receives all requests, so each has a group of its own. The next heartbeat finds a request whose message was lost.
 */
export function createCancelSubscription({ context, attempts, checkCancels }: CancelSubscriptionOptions): Service {
  const { entropy, log } = context;

  function findAttempt({ tenantId, data }: CancelRequested): RunningAttempt[] {
    const attempt = attempts.get(data.runId);
    return attempt === undefined || attempt.aborted !== null || attempt.claim.run.tenantId !== tenantId ? [] : [attempt];
  }
  async function onBatch(events: readonly TicklineEvent[]): Promise<void> {
    const named = new Set(events.flatMap((event) => (event.type === "CancelRequested" ? findAttempt(event) : [])));
    if (named.size === 0) return;
    await checkCancels([...named]).catch((fault: unknown) =>
      log.warn({ err: fault }, "the store was not asked for cancel requests; the heartbeat asks"),
    );
  }
  return createLastingSubscription({
    ...context,
    request: () => ({ topics: [CONTROL_TOPIC], group: `executor-control-${entropy.newId()}`, from: "end", onBatch }),
  });
}
