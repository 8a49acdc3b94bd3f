import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { isInShard } from "@tickline/shared/domain/slot";
import { logEnd } from "@tickline/shared/runtime/log/ended-run-log";
import type { Service } from "@tickline/shared/runtime/service/service";
import { createAnnouncer } from "./announce/announcer.ts";
import { createSetBackSweep } from "./fire/set-back-sweep.ts";
import { createTicker, type Ticker } from "./fire/ticker.ts";
import { createPublisher, type Publisher } from "./publish/publisher.ts";
import { createRescuer } from "./rescue/rescuer.ts";
import { createRetainer } from "./retention/retainer.ts";
import { createWaitSweeper } from "./retention/wait-sweeper.ts";
import type { ShardContext } from "./shard-context.ts";
import { createDeferredRunsResumer, type DeferredRunsResumer } from "./wake/deferred-runs.ts";
import { createWaker, type Waker } from "./wake/waker.ts";

export interface ShardScheduler extends Service {
  /** Receives hints from the bus. A lost hint only costs time. */
  hint(events: readonly TicklineEvent[]): void;
}

/** All that the leader of one shard does. */
export function createShardScheduler(context: ShardContext): ShardScheduler {
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
  const setBack = createSetBackSweep(context, { ...listeners, onMoved: ticker.jobWritten });
  // In the order of their start. A new leader first completes what the last one left: rescues and repairs go before new fires.
  const services: Service[] = [rescuer, announcer, publisher, waker, waitSweeper, ticker, deferred, setBack];
  // What retention deletes has no slot: the leader of the first shard does it for all.
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

interface HintedParts extends Pick<ShardContext, "shard"> {
  readonly publisher: Publisher;
  readonly ticker: Ticker;
  readonly waker: Waker;
  readonly deferred: DeferredRunsResumer;
}

function takeHint({ shard, publisher, ticker, waker, deferred }: HintedParts, event: TicklineEvent): void {
  const isMine = (slot: number): boolean => isInShard(slot, shard);
  switch (event.type) {
    case "JobCreated":
    case "JobUpdated":
    case "JobDeleted":
      if (isMine(event.data.slot)) ticker.jobWritten(event.data.jobUid, event.data.state === "active" ? event.data.nextRunAt : null);
      break;
    case "JobStarted":
      if (isMine(event.data.slot)) publisher.claimed(event.data.queue, event.data);
      break;
    case "JobRetrying":
      if (isMine(event.data.slot)) waker.at(event.data.retryAt);
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
