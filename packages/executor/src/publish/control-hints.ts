import { DEFAULT_TENANT } from "@tickline/shared/domain/job";
import { cancelRequested, runsReady, type ControlContext } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import type { ExecutorContext } from "../executor-context.ts";
import { oncePerTurn } from "../once-per-turn.ts";

/** Hints for other processes. A lost one costs time only: heartbeats and the scheduler's polls find what it said. */
export interface ControlHints {
  /** Somebody wants this run cancelled: the store has its flag. */
  cancelRequested(runId: string, tenantId: string): void;
  /** Runs of this queue are publishable that waited for another run of their job. */
  runsReady(queue: string): void;
}

export function createControlHints({ bus, clock, entropy, log }: Pick<ExecutorContext, "bus" | "clock" | "entropy" | "log">): ControlHints {
  const cancels = new Map<string, string>();
  const queues = new Set<string>();
  const publishSoon = oncePerTurn(publish);

  const about = (tenantId: string): ControlContext => ({
    id: entropy.newId(),
    time: clock.now(),
    source: "tickline/executor",
    tenantId,
  });
  function publish(): void {
    const hints: TicklineEvent[] = [...cancels].map(([runId, tenantId]) => cancelRequested(runId, about(tenantId)));
    if (queues.size > 0) hints.push(runsReady([...queues], about(DEFAULT_TENANT)));
    cancels.clear();
    queues.clear();
    bus.publish(CONTROL_TOPIC, hints).catch((fault: unknown) => log.warn({ err: fault, hints: hints.length }, "hints were not published"));
  }
  return {
    cancelRequested(runId, tenantId) {
      cancels.set(runId, tenantId);
      publishSoon();
    },
    runsReady(queue) {
      queues.add(queue);
      publishSoon();
    },
  };
}
