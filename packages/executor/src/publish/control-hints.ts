import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { cancelRequested, runsReady, type ControlContext } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import type { ExecutorContext } from "../executor-context.ts";
import { oncePerTurn } from "../once-per-turn.ts";

/** Hints for other processes. A lost hint only costs time: heartbeats and the scheduler's polls find the same. */
export interface ControlHints {
  /** The cancel of this run was requested, and is in the store. */
  cancelRequested(runId: string, tenantId: string): void;
  /** Runs of this queue that waited for another run of their job can be published. */
  runsReady(queue: string): void;
}

export function createControlHints({ bus, clock, entropy, log }: Pick<ExecutorContext, "bus" | "clock" | "entropy" | "log">): ControlHints {
  const cancels = new Map<string, string>();
  const queues = new Set<string>();
  const publishSoon = oncePerTurn(publish);

  const toContext = (tenantId: string): ControlContext => ({
    id: entropy.newId(),
    time: clock.now(),
    source: "tickline/executor",
    tenantId,
  });
  function publish(): void {
    const hints: TicklineEvent[] = [...cancels].map(([runId, tenantId]) => cancelRequested(runId, toContext(tenantId)));
    if (queues.size > 0) hints.push(runsReady([...queues], toContext(DEFAULT_TENANT)));
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
