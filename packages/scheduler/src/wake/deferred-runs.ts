import { STORE_TIME_DIFFERENCE_MS_MAX } from "@tickline/shared/domain/time-limits";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { ShardListeners } from "../shard-context.ts";
import type { ShardContext } from "../shard-context.ts";
import { shardName } from "../sharding/shards.ts";

export interface DeferredRunsResumer extends Service {
  /** A hint that executors have other handlers than before. */
  handlersChanged(): void;
  /** One step in every queue that has deferred runs. Returns how long to wait for the next, in milliseconds. */
  resume(): Promise<number>;
}

/** What one leader knows of the deferred runs of a queue. Times are monotonic. */
interface DeferredQueue {
  /** A walk through them, from the oldest on; null: it rests until `restUntilMs`. */
  walk: { after: string | null; readonly startedMs: number } | null;
  restUntilMs: number;
  /** Those resumed that were neither claimed nor deferred again when that was last asked. */
  resumed: readonly string[];
}

/** The part of the time in which deferred runs of a queue are published again, at most one in this many: most may be deferred again. */
const REST_RATIO = 4;

/**
 * Resumes runs that executors have deferred for want of a handler, once some executor has it. In a fleet of which only some have
 * it a run may be deferred several times until it reaches one of them. So as not to go ahead of runs that anybody can run, no
 * more are resumed than a share of the queue's window until those have been claimed or deferred again.
 */
export function createDeferredRunsResumer(context: ShardContext, { onPublishable }: ShardListeners): DeferredRunsResumer {
  const { config, clock, log, leads, metrics } = context;
  const range = shardName(context.shard);
  const queues = new Map<string, DeferredQueue>();
  let lookAtMs = Number.NEGATIVE_INFINITY;
  let handlers: readonly string[] = [];
  let observed: readonly string[] = [];

  async function look(): Promise<void> {
    lookAtMs = clock.monotonicMs() + config.deferredMs; // Unless a hint comes meanwhile.
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
    for (const name of observed) if (!names.includes(name)) metrics.withoutHandler.remove({ queue: name, range });
    for (const queue of names) metrics.withoutHandler.set({ queue, range }, 1);
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
      queues.clear(); // Another may lead meanwhile.
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

/** Goes on with the walk through one queue. Returns how many runs were resumed. */
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
    // Else a hint has come meanwhile, and the next look begins anew.
    const nowMs = clock.monotonicMs();
    Object.assign(queue, { walk: null, restUntilMs: nowMs + Math.min(REST_RATIO * (nowMs - walk.startedMs), config.deferredMsMax) });
  }
  return runIds.length;
}

/**
 * Types that some executor can run. One that was seen at a time which is still to come was told by a clock that was ahead: an executor that is
 * still there tells it anew, by the right one.
 */
async function liveHandlers({ handlers, config, now }: ShardContext): Promise<readonly string[]> {
  const known = await handlers.list();
  const [after, before] = [now() - config.handlerSeenMs, now() + STORE_TIME_DIFFERENCE_MS_MAX];
  return known.filter(({ lastSeenAt }) => lastSeenAt >= after && lastSeenAt <= before).map(({ type }) => type);
}
