import { STORE_TIME_DIFFERENCE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext, ShardListeners } from "../shard-context.ts";
import { shardName } from "../sharding/shards.ts";

export interface DeferredRunsResumer extends Service {
  /** A hint that executors have other handlers than before. */
  handlersChanged(): void;
  /** One step in every queue that has deferred runs. Returns how long to wait for the next, in milliseconds. */
  resume(): Promise<number>;
}

/** The deferred runs of one queue, as one leader knows them. Times are monotonic. */
interface DeferredQueue {
  /** The walk through them, from the oldest on; null: none until `restUntilMs`. */
  walk: { after: string | null; readonly startedMs: number } | null;
  restUntilMs: number;
  /** Resumed runs that were neither claimed nor deferred again at the last query. */
  resumed: readonly string[];
}

/** After a walk, deferred runs of the queue are left alone for this many times as long as it took: most of them may only be deferred again. */
const REST_RATIO = 4;

/**
 * Resumes runs that executors have deferred because they lack the handler, once some executor has it. If only some executors have it, a run
 * may be deferred several times before it reaches one of them. Resumed runs use at most a share of the queue's window until they are
 * claimed or deferred again, so that they do not delay runs that every executor can run.
 */
export function createDeferredRunsResumer(context: ShardContext, { onPublishable }: ShardListeners): DeferredRunsResumer {
  const { config, clock, log, leads, metrics } = context;
  const shard = shardName(context.shard);
  const queues = new Map<string, DeferredQueue>();
  let lookAtMs = Number.NEGATIVE_INFINITY;
  let handlers: readonly string[] = [];
  let observed: readonly string[] = [];

  async function look(): Promise<void> {
    lookAtMs = clock.monotonicMs() + config.deferredMs; // Unless a hint arrives meanwhile.
    const names = await context.deferred.queues(context.shard);
    observe(names);
    if (names.length > 0) handlers = await liveHandlers(context);
    const nowMs = clock.monotonicMs();
    for (const name of handlers.length === 0 ? [] : names) {
      const queue = queues.get(name) ?? { walk: null, restUntilMs: nowMs, resumed: [] };
      queues.set(name, queue);
      if (queue.restUntilMs <= nowMs) queue.walk ??= { after: null, startedMs: nowMs };
    }
  }
  function observe(names: readonly string[]): void {
    for (const name of observed) if (!names.includes(name)) metrics.withoutHandler.remove({ queue: name, range: shard });
    for (const queue of names) metrics.withoutHandler.set({ queue, range: shard }, 1);
    observed = names;
  }
  async function resume(): Promise<number> {
    if (!leads()) return config.deferredMs;
    if (clock.monotonicMs() >= lookAtMs) await look();
    let resumed = 0;
    for (const [name, queue] of queues) resumed += await step(context, handlers, { name, queue });
    if (resumed > 0) metrics.woken.inc(resumed);
    if (resumed > 0) onPublishable();
    const walking = [...queues.values()].some(({ walk }) => walk !== null);
    return Math.max(0, Math.min(lookAtMs - clock.monotonicMs(), walking ? config.publishPollMs : config.deferredMs));
  }
  const loop = createLoop({ name: "resume deferred runs", clock, log, runOnce: resume });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      queues.clear(); // Another scheduler may lead meanwhile.
      observe([]);
      lookAtMs = Number.NEGATIVE_INFINITY;
    },
    handlersChanged() {
      for (const queue of queues.values()) Object.assign(queue, { walk: null, restUntilMs: Number.NEGATIVE_INFINITY });
      lookAtMs = Number.NEGATIVE_INFINITY;
      loop.wake();
    },
    resume,
  };
}

/** Continues the walk through one queue. Returns how many runs were resumed. */
async function step(
  { deferred, shard, config, clock }: ShardContext,
  handlers: readonly string[],
  { name, queue }: { readonly name: string; readonly queue: DeferredQueue },
): Promise<number> {
  const { walk } = queue;
  if (walk === null) return 0;
  if (queue.resumed.length > 0) queue.resumed = await deferred.waiting(queue.resumed);
  const limit = Math.ceil(config.windowRunsMax * config.deferredShare) - queue.resumed.length;
  if (limit <= 0) return 0;
  const { runIds, next } = await deferred.resume({ shard, queue: name, handlers, after: walk.after, limit });
  queue.resumed = [...queue.resumed, ...runIds];
  walk.after = next;
  if (next === null && queue.walk === walk) {
    // Otherwise a hint has arrived meanwhile, and the next check begins a new walk.
    const nowMs = clock.monotonicMs();
    Object.assign(queue, { walk: null, restUntilMs: nowMs + Math.min(REST_RATIO * (nowMs - walk.startedMs), config.deferredMsMax) });
  }
  return runIds.length;
}

/**
 * The types of handlers that some executor has now. A time in the future was written by a clock that was ahead, and does not count: an
 * executor that still runs registers its handlers again.
 */
async function liveHandlers({ handlers, config, now }: ShardContext): Promise<readonly string[]> {
  const known = await handlers.list();
  const [after, before] = [now() - config.handlerSeenMs, now() + STORE_TIME_DIFFERENCE_MS_MAX];
  return known.filter(({ lastSeenAt }) => lastSeenAt >= after && lastSeenAt <= before).map(({ type }) => type);
}
