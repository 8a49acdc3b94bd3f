import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { runEnded } from "@tickline/shared/events/job-ended";
import { jobRetrying } from "@tickline/shared/events/job-retrying";
import { jobStarted } from "@tickline/shared/events/job-started";
import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import { createBatcher } from "@tickline/shared/runtime/batch/batcher";
import type { ExecutorContext } from "../executor-context.ts";
import { oncePerTurn } from "../once-per-turn.ts";
import type { Unsettled } from "../settle/settle-queue.ts";

/** Publishes the events of runs, in batches, in the order in which they happened. No event is tried twice. */
export interface RunEvents {
  /** `executor`: who runs the attempt. Default: this executor. */
  started(claim: ClaimedRun, executor?: string): void;
  retrying(unsettled: Unsettled, retryAt: Instant): void;
  /** An end that is not published here is published by the sweep of the scheduler. */
  ended(run: EndedRun): void;
  /** Resolves when nothing waits to be published. */
  flushed(): Promise<void>;
}

const UNPUBLISHED = "events were not announced; the scheduler's sweep announces the ends of runs";

export function createRunEvents(
  context: Pick<ExecutorContext, "bus" | "announcements" | "clock" | "log" | "config" | "metrics">,
): RunEvents {
  const { announcements, clock, log, config, metrics } = context;
  let waiting: TicklineEvent[] = [];
  let publishing: Promise<void> | null = null;
  const announced = createBatcher<string>({
    clock,
    keyOf: (runId) => runId,
    waitMs: config.announcedMs,
    itemsMax: config.publishEventsMax,
    write: announcements.announced,
    onFault(fault, runs) {
      log.warn({ err: fault, runs: runs.length }, "announced ends were not noted; the scheduler's sweep repeats them");
      return [];
    },
  });
  const publishSoon = oncePerTurn(publishWaiting);

  function add(event: TicklineEvent): void {
    if (waiting.length >= config.unpublishedEventsMax) return metrics.unpublished.inc();
    waiting.push(event);
    publishSoon();
  }
  function publishWaiting(): void {
    if (publishing === null && waiting.length > 0) publishing = publishAll().finally(() => (publishing = null));
  }
  async function publishAll(): Promise<void> {
    while (waiting.length > 0) {
      const events = waiting.slice(0, config.publishEventsMax);
      waiting = waiting.slice(config.publishEventsMax);
      await publish(context, events, (runId) => announced.add(runId));
    }
  }
  return {
    started: (claim, executor = config.executorId) => add(jobStarted(claim, executor)),
    retrying: ({ claim, result }, retryAt) => {
      if (result.kind === "retry")
        add(jobRetrying(claim.run, { retryAt, error: result.error, time: clock.now(), startedAt: claim.startedAt }));
    },
    ended: (run) => add(runEnded(run, "tickline/executor")),
    async flushed() {
      publishWaiting();
      await publishing;
      await announced.flushed();
    },
  };
}

type PublishContext = Pick<ExecutorContext, "bus" | "log" | "metrics">;

/** An event that the bus refuses does not prevent the others. `onEnd` is called for each run whose end was published. */
async function publish(
  { bus, log, metrics }: PublishContext,
  events: readonly TicklineEvent[],
  onEnd: (runId: string) => void,
): Promise<void> {
  let published = 0;
  try {
    const refused = await inHalves(events, async (some) => {
      await bus.publish(RUNS_TOPIC, some);
      published += some.length;
      for (const { type, data } of some) if (type === "JobCompleted" || type === "JobSkipped") onEnd(data.runId);
    });
    for (const { item, fault } of refused)
      log.warn({ err: fault, type: item.type, event: item.id }, "an event is refused, and not announced");
  } catch (fault) {
    log.warn({ err: fault, events: events.length - published }, UNPUBLISHED);
  }
  if (published < events.length) metrics.unpublished.inc(events.length - published);
}
