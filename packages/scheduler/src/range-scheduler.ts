import type { EndedRun } from "@tickline/shared/domain/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { isInShard } from "@tickline/shared/domain/slot";
import { logEnd } from "@tickline/shared/runtime/ended-run-log";
import type { Service } from "@tickline/shared/runtime/service";
import { createAnnouncer } from "./announcer.ts";
import { createDeferredRunsResumer, type DeferredRunsResumer } from "./deferred-runs.ts";
import { createPublisher, type Publisher } from "./publisher.ts";
import { createRescuer } from "./rescuer.ts";
import { createRetainer } from "./retainer.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import { createSetBackSweep } from "./set-back-sweep.ts";
import { createTicker, type Ticker } from "./ticker.ts";
import { createWaitSweeper } from "./wait-sweeper.ts";
import { createWaker, type Waker } from "./waker.ts";

export interface RangeScheduler extends Service {
  /** Hints from the bus. Losing one costs time only. */
  hint(events: readonly TicklineEvent[]): void;
}

/** All that the leader of one range of slots does. */
export function createRangeScheduler(context: RangeContext): RangeScheduler {
  const announcer = createAnnouncer(context);
  const publisher = createPublisher(context);
  const listeners = {
    onFired: publisher.fired,
    onPublishable: publisher.wake,
    onEnded(runs: readonly EndedRun[]) {
      for (const run of runs) logEnd(context.log, run);
      void announcer.announce(runs);
    },
  };
  const ticker = createTicker(context, listeners);
  const waker = createWaker(context, listeners);
  const waitSweeper = createWaitSweeper(context, listeners);
  const rescuer = createRescuer(context, listeners);
  const deferred = createDeferredRunsResumer(context, listeners);
  // A new leader first completes what the last one left: rescues and repairs go before new fires.
  const setBack = createSetBackSweep(context, { ...listeners, onMoved: ticker.jobWritten });
  const services: Service[] = [rescuer, announcer, publisher, waker, waitSweeper, ticker, deferred, setBack];
  // What retention deletes has no slot: the leader of the first range does it for all.
  if (isInShard(0, context.shard)) services.push(createRetainer(context));
  const parts: HintedParts = { shard: context.shard, publisher, ticker, waker, deferred };
  return {
    async start() {
      for (const service of services) await service.start();
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
    },
    hint: (events) => events.forEach((event) => takeHint(parts, event)),
  };
}

interface HintedParts extends Pick<RangeContext, "shard"> {
  readonly publisher: Publisher;
  readonly ticker: Ticker;
  readonly waker: Waker;
  readonly deferred: DeferredRunsResumer;
}

function takeHint({ shard, publisher, ticker, waker, deferred }: HintedParts, event: TicklineEvent): void {
  const mine = (slot: number): boolean => isInShard(slot, shard);
  switch (event.type) {
    case "JobCreated":
    case "JobUpdated":
    case "JobDeleted":
      if (mine(event.data.slot)) ticker.jobWritten(event.data.jobUid, event.data.state === "active" ? event.data.nextRunAt : null);
      break;
    case "JobStarted":
      if (mine(event.data.slot)) publisher.claimed(event.data.queue, event.data);
      break;
    case "JobRetrying":
      if (mine(event.data.slot)) waker.at(event.data.retryAt);
      break;
    case "JobCompleted":
      ticker.runEnded(event.data.jobUid, event.data);
      break;
    case "RunsReady":
      publisher.wake();
      break;
    case "HandlersChanged":
      deferred.handlersChanged();
      break;
    case "JobDue":
    case "JobSkipped":
    case "CancelRequested":
    case "CreateJob":
    case "TriggerJob":
    case "CancelRun":
    case "CommandAnswered":
    case "CommandRefused":
    case "JobHeartbeat":
      break;
  }
}
