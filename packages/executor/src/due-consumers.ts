import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic } from "@tickline/shared/events/topics";
import type { Subscription } from "@tickline/shared/ports/bus";
import type { DueInbox } from "./due-inbox.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import { sortDueRuns } from "./sort-due-runs.ts";
import type { SuspectLane } from "./suspect-lane.ts";

export interface DueConsumersOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "log" | "config" | "handlers">;
  readonly inbox: DueInbox;
  readonly suspects: SuspectLane;
  /** Called when something waits to be claimed. */
  readonly onWaiting: () => void;
}

/** One subscription a queue. A batch is acknowledged when the store has answered for its runs. */
export interface DueConsumers {
  start(): Promise<void>;
  /** With no room nothing more is taken from the bus, where other executors can have it. */
  setRoom(room: boolean): void;
  stop(): Promise<void>;
}

export function createDueConsumers({ context, inbox, suspects, onWaiting }: DueConsumersOptions): DueConsumers {
  const { bus, claims, log, config, handlers } = context;
  const subscriptions: Subscription[] = [];
  let hasRoom = true;

  async function onBatch(queue: string, events: readonly TicklineEvent[]): Promise<void> {
    const sorted = sortDueRuns(events, { handlers, suspectRescuesMin: config.suspectRescuesMin });
    suspects.add(sorted.suspects);
    const answered = inbox.put(queue, sorted.known);
    onWaiting();
    await Promise.all([answered, defer(sorted.unknown)]);
  }
  /** Out of the window they make room for runs that somebody can run. The scheduler resumes them when some executor has their handlers. */
  async function defer(runs: readonly DueRun[]): Promise<void> {
    if (runs.length === 0) return;
    const missing = [...new Set(runs.map(({ handler }) => handler))];
    log.warn({ handlers: missing, runs: runs.length }, "no such handler here: the runs wait for an executor that has it");
    await claims.defer({ deferrals: runs.map(({ runId, attempt }) => ({ runId, attempt, reason: "unknown_handler", wakeAt: null })) });
  }
  return {
    async start() {
      for (const queue of config.queues) {
        const request = { topics: [dueTopic(queue)], group: `executor-${queue}`, from: "beginning" } as const;
        const subscription = await bus.subscribe({ ...request, onBatch: (events) => onBatch(queue, events) });
        subscriptions.push(subscription);
        if (!hasRoom) subscription.pause();
      }
    },
    setRoom(room) {
      if (room === hasRoom) return;
      hasRoom = room;
      for (const subscription of subscriptions)
        if (room) subscription.resume();
        else subscription.pause();
    },
    async stop() {
      const stopped = subscriptions.splice(0).map((subscription) => subscription.stop());
      inbox.refuse(new AppError("bus_unavailable", "the executor stops: others may claim these runs", { retryable: true }));
      await Promise.all(stopped);
    },
  };
}
