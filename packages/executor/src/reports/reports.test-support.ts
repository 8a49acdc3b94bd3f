import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { RetryPolicySchema } from "@tickline/shared/domain/policy/retry-policy";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { REPORTS_TOPIC } from "@tickline/shared/events/topics";
import { SECOND } from "@tickline/shared/testing/factories";
import { setup, turns, type SetupOptions } from "../executor.test-support.ts";

/** A foreign executor that has a run in hand: what it reports. */
export const foreignExecutor = (name: string) => ({
  started: (run: DueRun): TicklineEvent => ({
    ...makeEnvelope(run, name),
    id: `${run.runId}-${run.attempt}-started`,
    type: "JobStarted",
    data: { ...run, startedAt: 0, executor: name },
  }),
  heartbeat: (run: DueRun): TicklineEvent => ({
    ...makeEnvelope(run, name),
    id: `${run.runId}-${run.attempt}-heartbeat`,
    type: "JobHeartbeat",
    data: { runId: run.runId, attempt: run.attempt },
  }),
  completed: (run: DueRun, ending: Partial<EndedRun> = {}): TicklineEvent => ({
    ...makeEnvelope(run, name),
    id: `${run.runId}-${run.attempt}-completed`,
    type: "JobCompleted",
    data: { ...run, ...UNKNOWN_TO_IT, state: "succeeded", output: null, error: null, ...ending },
  }),
  failed(run: DueRun, { retryable = true } = {}): TicklineEvent {
    return this.completed(run, { state: "failed", error: { code: "oops", message: "it broke", retryable } });
  },
});

/** What only Tickline knows of a run: whatever a report says there counts for nothing. */
const UNKNOWN_TO_IT = { count: 1, scheduledForLast: null, reason: null, startedAt: null, finishedAt: 0 } as const;

const makeEnvelope = ({ jobId, tenantId }: DueRun, source: string) => ({ source, subject: jobId, time: 0, tenantId }) as const;

export const TIMEOUT_MS = 60_000;
const retry = RetryPolicySchema.parse({ maxAttempts: 3, backoff: "fixed", delayMs: SECOND, jitter: "none" });

/** An executor that takes in reports of the queues `python` and `ruby`. */
export async function reportsWorld(options: SetupOptions = {}) {
  const world = await setup({ ...options, config: { externalQueues: ["python", "ruby"] } });
  await world.executor.start();
  const dueOn = async (queue: string): Promise<DueRun> =>
    (await world.due(1, { definition: { queue, handler: "whatever", timeoutMs: TIMEOUT_MS, retry } }))[0] as DueRun;
  return {
    ...world,
    dueOn,
    async report(...events: readonly TicklineEvent[]): Promise<void> {
      await world.bus.publish(REPORTS_TOPIC, events);
      await turns(30);
    },
    dead: () => world.bus.deadEvents.map(({ event, reason }) => [event.type, reason.slice(0, reason.indexOf(":"))]),
    async outcomes(): Promise<Record<string, number>> {
      const found = await world.metrics.getSingleMetric("tickline_reports_total")?.get();
      return Object.fromEntries(
        (found?.values ?? []).filter(({ value }) => value > 0).map(({ labels, value }) => [labels["outcome"], value]),
      );
    },
  };
}
