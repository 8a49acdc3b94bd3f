import { REPORTS_TOPIC } from "@tickline/shared/events/topics";
import type { Subscription } from "@tickline/shared/ports/bus";
import type { Service } from "@tickline/shared/runtime/service";
import { createTakeReports, type TakeReportsOptions } from "./take-reports.ts";

/** Hears what foreign executors say of the runs of external queues. All our executors share it; without such queues, none does. */
export function createReportConsumer(options: TakeReportsOptions): Service {
  const { bus, config } = options.context;
  let subscription: Subscription | null = null;
  return {
    async start() {
      if (config.externalQueues.length === 0) return;
      const request = { topics: [REPORTS_TOPIC], group: "executor-reports", from: "beginning" } as const;
      subscription = await bus.subscribe({ ...request, onBatch: createTakeReports(options) });
    },
    async stop() {
      await subscription?.stop();
      subscription = null;
    },
  };
}
