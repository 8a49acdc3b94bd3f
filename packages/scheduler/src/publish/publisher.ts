import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Publication } from "@tickline/shared/ports/runs/due-runs";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext } from "../shard-context.ts";
import { createPublishNotes } from "./publish-notes.ts";
import { createQueuePublisher, type QueuePoll, type QueuePublisher } from "./queue-publisher.ts";

export interface Publisher extends Service {
  /** Publishes what is publishable, as far as the windows allow. Returns how many runs were published. */
  publish(): Promise<number>;
  /** Runs may have become publishable. */
  wake(): void;
  /** These were just fired: they are published without a poll of the store, unless older ones wait. */
  fired(runs: readonly DueRun[]): void;
  /** A hint that an attempt was claimed. If it was one published here, it takes no more room in the window. */
  claimed(queue: string, publication: Publication): void;
}

/**
 * Publishes due runs within a bounded window of unclaimed ones per queue. The backlog stays in the store, where it can be ordered,
 * cancelled and listed; a topic never fills with it. Polls of the store, and notes in it, are for all queues together; each queue
 * publishes by itself.
 */
export function createPublisher(context: ShardContext): Publisher {
  const { config, clock, log, leads } = context;
  const queues = new Map<string, QueuePublisher>();
  let notes = createPublishNotes(context);
  let running = false;
  /** False until the first poll: it is unknown what else waits, and how much is unclaimed. */
  let hasPolled = false;

  function publisherFor(queue: string): QueuePublisher {
    const known = queues.get(queue);
    if (known !== undefined) return known;
    const publisher = createQueuePublisher(context, { queue, notes, pollSoon: pollLoop.wake });
    queues.set(queue, publisher);
    if (running) void publisher.start();
    return publisher;
  }
  async function poll(): Promise<void> {
    await notes.flush();
    const polls = await pollStore(context, queues, !hasPolled);
    hasPolled = true;
    for (const [queue, found] of polls) publisherFor(queue).polled(found);
  }
  async function pollIfLeading(): Promise<number> {
    if (leads()) await poll();
    return config.publishPollMs;
  }
  const pollLoop = createLoop({ name: "poll for due runs", clock, log, runOnce: pollIfLeading });
  return {
    async start() {
      running = true;
      await Promise.all([pollLoop, ...queues.values()].map((part) => part.start()));
    },
    async stop() {
      running = false;
      await pollLoop.stop();
      await Promise.all([...queues.values()].map((publisher) => publisher.stop()));
      await notes.flush().catch(() => undefined); // The next leader publishes their runs again.
      queues.clear(); // Another scheduler may lead meanwhile: what is known here is outdated when this one leads again.
      notes = createPublishNotes(context);
      hasPolled = false;
    },
    wake: pollLoop.wake,
    fired(runs) {
      if (!hasPolled) return pollLoop.wake();
      const taken = [...Map.groupBy(runs, ({ queue }) => queue)].map(([queue, some]) => publisherFor(queue).fired(some));
      if (taken.includes(false)) pollLoop.wake();
    },
    async publish() {
      await poll();
      const published = await Promise.all([...queues.values()].map((publisher) => publisher.publish()));
      return published.reduce((sum, runs) => sum + runs, 0);
    },
    claimed(queue, publication) {
      const publisher = queues.get(queue);
      if (publisher?.holds(publication) !== true) return; // It was not published here, so the hint tells nothing.
      notes.drop(publication);
      publisher.claimed(publication);
    },
  };
}

/** Asks which queues have publishable runs (retries, woken runs, and what a crash or a full window left), and how many are unclaimed. */
async function pollStore(
  { dueRuns, shard, config }: ShardContext,
  known: ReadonlyMap<string, QueuePublisher>,
  isFirst: boolean,
): Promise<ReadonlyMap<string, QueuePoll>> {
  const publishers = [...known.values()];
  for (const publisher of publishers) publisher.polling();
  const inUse = isFirst || publishers.some((publisher) => publisher.inUse); // Else there is nothing to count.
  const mayHaveQuarantined = isFirst || publishers.some((publisher) => publisher.mayHaveQuarantined);
  const [publishable, unclaimed, quarantined] = await Promise.all([
    dueRuns.queues(shard),
    inUse ? dueRuns.unclaimed(shard) : {},
    inUse && mayHaveQuarantined ? dueRuns.unclaimedRescued(shard, config.quarantineRescuesMin) : {},
  ]);
  const hasPublishable = new Set(publishable);
  const names = new Set([...publishable, ...Object.keys(unclaimed), ...known.keys()]);
  const countIn = (counts: Readonly<Record<string, number>>, queue: string): number =>
    Object.hasOwn(counts, queue) ? (counts[queue] ?? 0) : 0;
  const found = (queue: string): QueuePoll => ({
    unclaimed: countIn(unclaimed, queue),
    quarantined: countIn(quarantined, queue),
    hasPublishable: hasPublishable.has(queue),
  });
  return new Map([...names].map((queue) => [queue, found(queue)]));
}
