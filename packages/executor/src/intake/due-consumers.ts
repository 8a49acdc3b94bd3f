import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic } from "@tickline/shared/events/topics";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import { inHalves } from "@tickline/shared/runtime/in-halves";
import { createLastingSubscription } from "@tickline/shared/runtime/lasting-subscription";
import type { DueInbox } from "./due-inbox.ts";
import { tellRefused } from "./due-refusals.ts";
import { checkDue, type RefusedRun } from "./due-run-check.ts";
import type { ExecutorContext } from "../executor-context.ts";
import { roundsOf, sortDueRuns } from "./sort-due-runs.ts";
import { standingDueRuns } from "./read-standing-runs.ts";
import type { SuspectLane } from "./quarantine.ts";

export interface DueConsumersOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "log" | "config" | "handlers" | "metrics">;
  readonly inbox: DueInbox;
  readonly suspects: SuspectLane;
  /** Called when something waits to be claimed. */
  readonly onWaiting: () => void;
}

/** One subscription a queue: a topic that cannot be read keeps no other from it. A batch is acknowledged when the store has answered for its runs. */
export interface DueConsumers {
  start(): Promise<void>;
  /** With no room for a queue nothing more of it is taken from the bus, where other executors can have it. */
  setRoom(queue: string, room: boolean): void;
  stop(): Promise<void>;
}

export function createDueConsumers({ context, inbox, suspects, onWaiting }: DueConsumersOptions): DueConsumers {
  const { log, config, handlers } = context;
  const consumers = new Map(config.queues.map((queue) => [queue, { subscription: subscriptionOf(queue), hasRoom: true }]));

  function subscriptionOf(queue: string) {
    return createLastingSubscription({
      ...context,
      request: () => ({
        topics: [dueTopic(queue)],
        group: `executor-${queue}`,
        from: "beginning",
        onBatch: (events) => onBatch(queue, events),
      }),
    });
  }

  async function onBatch(queue: string, events: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]> {
    const { due, refused } = checkDue(queue, events);
    const sorted = sortDueRuns(due, { handlers, suspectRescuesMin: config.suspectRescuesMin });
    const answered = roundsOf(sorted.known).map((runs) => inbox.put(queue, runs));
    onWaiting();
    const answers = await Promise.all([...answered, defer(sorted.unknown), addSuspects(sorted.suspects)]);
    const all = [...refused, ...eventsOf(due, answers.flat())];
    tellRefused(context, queue, all);
    return all;
  }
  /** Out of the window they make room for runs that somebody can run. The scheduler resumes them when some executor has their handlers. */
  async function defer(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    const { standing, refused } = await standingDueRuns(context, runs);
    if (standing.length === 0) return refused;
    const missing = [...new Set(standing.map(({ handler }) => handler))];
    log.warn({ handlers: missing, runs: standing.length }, "no such handler here: the runs wait for an executor that has it");
    await putAside(context, standing);
    return refused;
  }
  /** Their batch does not wait until it is their turn, so what their messages say is compared before. */
  async function addSuspects(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    const { standing, refused } = await standingDueRuns(context, runs);
    suspects.add(standing);
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

/** One that the store refuses keeps no other from being put aside. Where it refuses all of them, they are not to blame, and come again. */
async function putAside({ claims, log }: DueConsumersOptions["context"], runs: readonly DueRun[]): Promise<void> {
  const refused = await inHalves(runs, (some) =>
    claims.defer({ deferrals: some.map(({ runId, attempt }) => ({ runId, attempt, reason: "unknown_handler", wakeAt: null })) }),
  );
  const [first] = refused;
  if (first !== undefined && refused.length === runs.length) throw first.fault;
  for (const { item, fault } of refused) log.warn({ err: fault, runId: item.runId }, "a run was not put aside: the store refuses it");
}

/** The messages of runs that are refused. */
function eventsOf(events: readonly TicklineEvent[], refused: readonly RefusedRun[]): RefusedEvent[] {
  if (refused.length === 0) return [];
  const reasons = new Map(refused.map(({ run, reason }) => [run, reason]));
  return events.flatMap((event) => {
    const reason = event.type === "JobDue" ? reasons.get(event.data) : undefined;
    return reason === undefined ? [] : [{ event, reason }];
  });
}
