import type { SlotRange } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { RefusedEvent, Subscription } from "@tickline/shared/ports/bus";
import { createLifecycle } from "@tickline/shared/runtime/lifecycle";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import { sortHints } from "./hint-fault.ts";
import { createRangeSharing } from "./range-sharing.ts";
import { createRoster } from "./roster.ts";
import { rangeName } from "./slot-ranges.ts";
import { createRangeScheduler, type RangeScheduler } from "./range-scheduler.ts";
import { createLeadership, type Leadership } from "./range-leadership.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import type { SchedulerDeps } from "./scheduler-deps.ts";
import { createStoreTime, type StoreTime } from "./store-time.ts";

export interface Scheduler extends Service {
  /** True while this process leads some range. */
  leads(): boolean;
  /** How many ranges it leads. */
  leading(): number;
}

/** What this installation's locks are called, in a lock server that others may use too. */
const LOCK_NAME = "tickline-scheduler";

/** Decides when jobs are due. Any number may run: each range of slots is led by whoever holds its lock. */
export function createScheduler(deps: SchedulerDeps, config: SchedulerConfig): Scheduler {
  const { bus, clock, log, hello, entropy, dueRuns } = deps;
  const time = createStoreTime(clock, hello);
  const led = config.ranges.map((slots) => createLedRange(deps, { config, slots, time }));
  let measuredAtMs = Number.NEGATIVE_INFINITY;
  const timeLoop = createLoop({
    name: "store-time",
    clock,
    log,
    runOnce: async () => {
      if (time.doubtful() || clock.monotonicMs() - measuredAtMs >= config.storeTimeMs) {
        await time.measure();
        measuredAtMs = clock.monotonicMs();
      }
      return Math.min(config.clockLookMs, config.storeTimeMs);
    },
  });
  const sharing = createRangeSharing({
    leaderships: led.map(({ leadership }) => leadership),
    roster: createRoster({ name: LOCK_NAME, lock: deps.lock, ttlMs: config.lockTtlMs, seats: led.length, token: entropy.newToken() }),
    clock,
    entropy,
    log,
    shareMs: config.shareMs,
    standInMs: config.lockTtlMs / 3,
    fit: time.steady,
    onAlive: (schedulers) => deps.metrics.alive.set(schedulers),
  });
  let subscription: Subscription | null = null;

  async function onHints(events: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]> {
    const { hints, refused } = sortHints(events, time.now());
    for (const { range, leadership } of led) if (leadership.leads()) range.hint(hints);
    const handlers = hints.flatMap((event) => (event.type === "HandlersChanged" ? event.data.types : []));
    if (handlers.length > 0 && (await dueRuns.rouse({ handlers, now: time.now() })) > 0) led.forEach(({ range }) => range.publish());
    return refused;
  }
  const lifecycle = createLifecycle({
    async start() {
      // Every scheduler hears every hint, so the group is its own; what was said before it came does not matter.
      const group = `scheduler-hints-${entropy.newId()}`;
      subscription = await bus.subscribe({ topics: [JOBS_TOPIC, RUNS_TOPIC, CONTROL_TOPIC], group, from: "end", onBatch: onHints });
      await time.measure().catch((fault: unknown) => log.warn({ err: fault }, "the store's clock could not be read yet"));
      await timeLoop.start();
      for (const { leadership } of led) await leadership.start();
      await sharing.start();
    },
    async stop() {
      await subscription?.stop();
      subscription = null;
      await sharing.stop();
      await Promise.all(led.map(({ leadership }) => leadership.stop()));
      await timeLoop.stop();
    },
  });
  const leading = (): number => led.filter(({ leadership }) => leadership.leads()).length;
  return { ...lifecycle, leading, leads: () => leading() > 0 };
}

interface LedRange {
  readonly range: RangeScheduler;
  readonly leadership: Leadership;
}

function createLedRange(
  deps: SchedulerDeps,
  { config, slots, time }: { config: SchedulerConfig; slots: SlotRange; time: StoreTime },
): LedRange {
  const name = `${LOCK_NAME}-${rangeName(slots)}`;
  const range = createRangeScheduler({ ...deps, config: limitsOfRange(config), slots, now: time.now, leads: () => leadership.leads() });
  const leadership: Leadership = createLeadership({
    name,
    lock: deps.lock,
    clock: deps.clock,
    log: deps.log,
    ttlMs: config.lockTtlMs,
    fit: time.steady,
    lead: range,
    onChange: (leading) => deps.metrics.leading.set({ range: rangeName(slots) }, leading ? 1 : 0),
  });
  return { range, leadership };
}

/** What is bounded for all ranges together is bounded for each by its part: whoever leads it counts its own slots only. */
function limitsOfRange(config: SchedulerConfig): SchedulerConfig {
  const part = (limit: number): number => Math.ceil(limit / config.ranges.length);
  return { ...config, windowRunsMax: part(config.windowRunsMax), heapJobsMax: part(config.heapJobsMax) };
}
