import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic } from "@tickline/shared/events/topics";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import type { ExecutorContext } from "../executor-context.ts";
import type { DueInbox, RefusedRun } from "./due-inbox.ts";
import type { Quarantine } from "./quarantine.ts";
import { readStandingRuns } from "./read-standing-runs.ts";
import { sortDueRuns, splitIntoRounds } from "./sort-due-runs.ts";

export interface DueConsumersOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "log" | "config" | "handlers" | "metrics">;
  readonly inbox: DueInbox;
  readonly quarantine: Quarantine;
  /** Called when a run waits to be claimed. */
  readonly onWaiting: () => void;
}

/**
 * Receives `JobDue`, by one subscription for each queue: a topic that cannot be read does not affect the others. A batch is acknowledged when the
 * store has answered for all of its runs.
 */
export interface DueConsumers {
  start(): Promise<void>;
  /** A queue without room is paused: its messages stay on the bus, where other executors can receive them. */
  setRoom(queue: string, room: boolean): void;
  stop(): Promise<void>;
}

export function createDueConsumers({ context, inbox, quarantine, onWaiting }: DueConsumersOptions): DueConsumers {
  const { log, config, handlers } = context;
  const consumers = new Map(config.queues.map((queue) => [queue, { subscription: createSubscription(queue), hasRoom: true }]));

  function createSubscription(queue: string) {
    return createLastingSubscription({
      ...context,
      request: () => ({
        topics: [dueTopic(queue)],
        group: `executor-${queue}`,
        from: "beginning",
        onBatch: (events) => receive(queue, events),
      }),
    });
  }

  async function receive(queue: string, events: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]> {
    const sorted = sortDueRuns(events, { queue, handlers, quarantineRescuesMin: config.quarantineRescuesMin });
    const claimed = splitIntoRounds(sorted.known).map((runs) => inbox.put(queue, runs));
    onWaiting();
    const answers = await Promise.all([...claimed, deferUnknown(sorted.unknown), addToQuarantine(sorted.quarantined)]);
    const refused = [...sorted.refused, ...toRefusedEvents(events, answers.flat())];
    reportRefused(context, queue, refused);
    return refused;
  }
  /** Deferred, they leave the window to runs that can be run. The scheduler publishes them again when an executor has their handlers. */
  async function deferUnknown(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    const { standing, refused } = await readStandingRuns(context, runs);
    if (standing.length === 0) return refused;
    const missing = [...new Set(standing.map(({ handler }) => handler))];
    log.warn({ handlers: missing, runs: standing.length }, "no such handler here: the runs wait for an executor that has it");
    await defer(context, standing);
    return refused;
  }
  /** Their batch is acknowledged before they are claimed, so their messages are compared with the store first. */
  async function addToQuarantine(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    const { standing, refused } = await readStandingRuns(context, runs);
    quarantine.add(standing);
    onWaiting();
    return refused;
  }
  return {
    async start() {
      await Promise.all([...consumers.values()].map(({ subscription }) => subscription.start()));
    },
    setRoom(queue, room) {
      const consumer = consumers.get(queue);
      if (consumer === undefined || room === consumer.hasRoom) return;
      consumer.hasRoom = room;
      if (room) consumer.subscription.resume();
      else consumer.subscription.pause();
    },
    async stop() {
      const stopped = [...consumers.values()].map(({ subscription }) => subscription.stop());
      inbox.refuse(new AppError("bus_unavailable", "the executor stops: others may claim these runs", { retryable: true }));
      await Promise.all(stopped);
    },
  };
}

/** A run that the store refuses does not prevent the others. If the store refuses all of them, the batch is rejected and received again. */
async function defer({ claims, log }: DueConsumersOptions["context"], runs: readonly DueRun[]): Promise<void> {
  const refused = await inHalves(runs, (some) =>
    claims.defer({ deferrals: some.map(({ runId, attempt }) => ({ runId, attempt, reason: "unknown_handler", wakeAt: null })) }),
  );
  const [first] = refused;
  if (first !== undefined && refused.length === runs.length) throw first.fault;
  for (const { item, fault } of refused) log.warn({ err: fault, runId: item.runId }, "a run was not deferred: the store refuses it");
}

/** The messages of the runs that are refused. */
function toRefusedEvents(events: readonly TicklineEvent[], refused: readonly RefusedRun[]): RefusedEvent[] {
  if (refused.length === 0) return [];
  const reasons = new Map(refused.map(({ run, reason }) => [run, reason]));
  return events.flatMap((event) => {
    const reason = event.type === "JobDue" ? reasons.get(event.data) : undefined;
    return reason === undefined ? [] : [{ event, reason }];
  });
}

/** So many refused messages of one batch are logged one by one; all of them are in the dead letters. */
const LOGGED_MAX = 10;

function reportRefused({ metrics, log }: DueConsumersOptions["context"], queue: string, refused: readonly RefusedEvent[]): void {
  if (refused.length === 0) return;
  metrics.claims.refused.inc(refused.length);
  for (const { event, reason } of refused.slice(0, LOGGED_MAX)) {
    const { runId, attempt } = event.type === "JobDue" ? event.data : { runId: null, attempt: null };
    log.warn({ queue, type: event.type, id: event.id, source: event.source, runId, attempt, reason }, "a message was refused");
  }
  if (refused.length > LOGGED_MAX) log.warn({ queue, messages: refused.length - LOGGED_MAX }, "more messages of the batch were refused");
}
