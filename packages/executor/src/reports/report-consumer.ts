import { REPORTS_TOPIC } from "@tickline/shared/events/topics";
import { createLastingSubscription } from "@tickline/shared/runtime/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service";
import { createTakeReports, type TakeReportsOptions } from "./take-reports.ts";

/** Hears what foreign executors say of the runs of external queues. All our executors share it; without such queues, none does. */
export function createReportConsumer(options: TakeReportsOptions): Service {
  const { context } = options;
  const onBatch = createTakeReports(options);
  const { start, stop } = createLastingSubscription({
    ...context,
    request: () => ({ topics: [REPORTS_TOPIC], group: "executor-reports", from: "beginning", onBatch }),
  });
  return {
    async start() {
      if (context.config.externalQueues.length > 0) await start();
    },
    stop,
  };
}
