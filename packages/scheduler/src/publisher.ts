import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Publication } from "@tickline/shared/ports/due-runs";
import { createGathering } from "@tickline/shared/runtime/gathering";
import { inHalves } from "@tickline/shared/runtime/in-halves";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { publicationKey } from "./publish-window.ts";
import { createQueuePublisher, type QueueLook, type QueuePublisher } from "./queue-publisher.ts";
import { createRefusals } from "./refusals.ts";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Publisher extends Service {
  /** Publishes what is publishable, as far as the windows allow. Returns how many runs were published. */
  publish(): Promise<number>;
  /** Runs may have become publishable. */
  wake(): void;
  /** These were just fired: they are published without being looked for, unless older ones wait. */
  fired(runs: readonly DueRun[]): void;
  /** A hint that an attempt was claimed. If it was one published here, its place in the window is free. */
  claimed(queue: string, publication: Publication): void;
}

/**
 * Publishes due runs within a bounded window of unclaimed ones per queue. The backlog stays in the store, where it can be ordered,
 * cancelled and seen; a topic never fills with it. Looks into the store and notes in it are for all queues together; each queue
 * publishes by itself.
 */
export function createPublisher(context: RangeContext): Publisher {
  const { config, clock, log, leads } = context;
  const queues = new Map<string, QueuePublisher>();
  const notes = createNotes(context, queues);
  let running = false;
  /** False until the first look: nothing is known of what else waits, and how much is unclaimed. */
  let counted = false;

  function publisherOf(queue: string): QueuePublisher {
    const known = queues.get(queue);
    if (known !== undefined) return known;
    const publisher = createQueuePublisher(context, { queue, lookSoon: lookLoop.wake, note: notes.add(queue), noteAll: notes.flush });
    queues.set(queue, publisher);
    if (running) void publisher.start();
    return publisher;
  }
  async function look(): Promise<void> {
    await notes.flush();
    const looks = await lookAt(context, queues, !counted);
    counted = true;
    for (const [queue, found] of looks) publisherOf(queue).looked(found);
  }
  async function lookIfLeading(): Promise<number> {
    if (leads()) await look();
    return config.publishPollMs;
  }
  const lookLoop = createLoop({ name: "look for due runs", clock, log, runOnce: lookIfLeading });
  return {
    async start() {
      running = true;
      await Promise.all([lookLoop, ...queues.values()].map((part) => part.start()));
    },
    async stop() {
      running = false;
      await lookLoop.stop();
      await Promise.all([...queues.values()].map((publisher) => publisher.stop()));
      await notes.flush().catch(() => undefined); // Its next leader publishes them again.
      queues.clear(); // Another may lead meanwhile: what is known here is worth nothing when leadership comes back.
      counted = false;
    },
    wake: lookLoop.wake,
    fired(runs) {
      if (!counted) return lookLoop.wake();
      const taken = [...Map.groupBy(runs, ({ queue }) => queue)].map(([queue, ofQueue]) => publisherOf(queue).fired(ofQueue));
      if (taken.includes(false)) lookLoop.wake();
    },
    async publish() {
      await look();
      const published = await Promise.all([...queues.values()].map((publisher) => publisher.publish()));
      return published.reduce((sum, runs) => sum + runs, 0);
    },
    claimed(queue, publication) {
      const publisher = queues.get(queue);
      if (publisher?.window.holds(publication) !== true) return; // Nobody can have claimed it, whatever a message says.
      notes.drop(publication);
      publisher.claimed(publication);
    },
  };
}

/** Which queues have publishable runs (retries, what was woken, what a crash or a full window left), and how many are unclaimed. */
async function lookAt(
  { dueRuns, shard, config }: RangeContext,
  known: ReadonlyMap<string, QueuePublisher>,
  first: boolean,
): Promise<ReadonlyMap<string, QueueLook>> {
  const queues = [...known.values()];
  for (const { window } of queues) window.looking();
  const inUse = first || queues.some(({ window }) => window.inUse); // Where nothing is unclaimed there is nothing to count.
  const mayHaveSuspects = first || queues.some((queue) => queue.mayHaveSuspects);
  const [waiting, unclaimed, suspects] = await Promise.all([
    dueRuns.queues(shard),
    inUse ? dueRuns.unclaimed(shard) : {},
    inUse && mayHaveSuspects ? dueRuns.unclaimedRescued(shard, config.suspectRescuesMin) : {},
  ]);
  const names = new Set([...waiting, ...Object.keys(unclaimed), ...known.keys()]);
  const countIn = (counts: Readonly<Record<string, number>>, queue: string): number =>
    Object.hasOwn(counts, queue) ? (counts[queue] ?? 0) : 0;
  const waits = new Set(waiting);
  return new Map(
    [...names].map((queue) => [
      queue,
      { unclaimed: countIn(unclaimed, queue), suspects: countIn(suspects, queue), waits: waits.has(queue) },
    ]),
  );
}

/** Times in a row that the store may refuse the notes of all that was published before that counts as theirs, and not as its own fault. */
const NOTES_REFUSED_MAX = 20;

interface PublishNote extends Publication {
  readonly queue: string;
}

/**
 * What was published and has to be noted in the store. Most runs are claimed before their note is written, and then it is not.
 * What is not noted the store still calls publishable, so a note is kept until it is written or its run claimed.
 */
function createNotes(context: RangeContext, queues: ReadonlyMap<string, QueuePublisher>) {
  const { dueRuns, config, clock, now, log } = context;
  const refusals = createRefusals(context);
  let allRefused = 0;

  async function write(runs: readonly PublishNote[]): Promise<void> {
    const refused = await inHalves(runs, noteSome);
    const [first] = refused;
    if (first === undefined) return;
    const isKnown = refused.some(({ item }) => refusals.has(publicationKey(item)));
    if (refused.length === runs.length && !isKnown && (allRefused += 1) <= NOTES_REFUSED_MAX) throw first.fault;
    for (const { item: run, fault: err } of refused) {
      refusals.refuse(publicationKey(run));
      queues.get(run.queue)?.unnoted(run);
      log.warn({ err, runId: run.runId }, "a published run is set aside: the store refuses to note it; it is published again after a wait");
    }
  }
  async function noteSome(runs: readonly PublishNote[]): Promise<void> {
    await dueRuns.published({ runs, now: now(), repeatMs: config.repeatMs, repeatMsMax: config.repeatMsMax });
    for (const run of runs) queues.get(run.queue)?.window.noted([run]);
    allRefused = 0;
    if (refusals.size > 0) for (const run of runs) refusals.release(publicationKey(run));
  }
  const notes = createGathering<PublishNote>({
    clock,
    keyOf: publicationKey,
    gatherMs: config.noteMs,
    itemsMax: config.publishRunsMax,
    write,
    onFault(fault, runs) {
      log.warn({ err: fault, runs: runs.length }, "published runs were not noted; that is tried again before the next look for others");
      return runs.filter((run) => queues.get(run.queue)?.window.holds(run) === true);
    },
  });
  return {
    add: (queue: string) => (publications: readonly Publication[]) =>
      publications.forEach(({ runId, attempt, publishedAt }) => notes.add({ queue, runId, attempt, publishedAt })),
    drop: (publication: Publication): void => notes.drop(publicationKey(publication)),
    /** Resolves when all are written. Until they are nothing may be looked for: it would be published once more. */
    async flush(): Promise<void> {
      if (!(await notes.flushed()))
        throw new AppError("store_unavailable", "published runs could not be noted: none are looked for meanwhile", { retryable: true });
    },
  };
}
