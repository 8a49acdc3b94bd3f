import type { Shard } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import { createLastingSubscription } from "@tickline/shared/runtime/lasting-subscription";
import { createLifecycle } from "@tickline/shared/runtime/lifecycle";
import type { Service } from "@tickline/shared/runtime/service";
import { createStoreClock, type StoreClock } from "@tickline/shared/runtime/store-clock";
import { sortHints } from "./hint-fault.ts";
import { createRangeSharing } from "./range-sharing.ts";
import { createRoster } from "./roster.ts";
import { rangeName } from "./slot-ranges.ts";
import { createRangeScheduler, type RangeScheduler } from "./range-scheduler.ts";
import { createLeadership, type Leadership } from "./range-leadership.ts";
import { checkSchedulerConfig, type SchedulerConfig } from "./scheduler-config.ts";
import type { SchedulerDeps } from "./scheduler-deps.ts";

export interface Scheduler extends Service {
  /** True while this process leads some range. */
  leads(): boolean;
  /** How many ranges it leads. */
  leading(): number;
}

/** What this installation's locks are called, in a lock server that others may use too. */
const LOCK_NAME = "tickline-scheduler";

/** Decides when jobs are due. Any number may run: each range of slots is led by whoever holds its lock. Throws `bad_config`. */
export function createScheduler(deps: SchedulerDeps, config: SchedulerConfig): Scheduler {
  checkSchedulerConfig(config);
  const { clock, log, entropy, ping, decided } = deps;
  const time = deps.time ?? createStoreClock({ clock, ping, decided, log }, config);
  const led = config.ranges.map((shard) => createLedRange(deps, { config, shard, time }));
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
  // Every scheduler hears every hint, so the group is its own; what was said before it came does not matter.
  const hints = createLastingSubscription({
    ...deps,
    request: () => ({
      topics: [JOBS_TOPIC, RUNS_TOPIC, CONTROL_TOPIC],
      group: `scheduler-hints-${entropy.newId()}`,
      from: "end",
      onBatch: onHints,
    }),
  });

  function onHints(events: readonly TicklineEvent[]): readonly RefusedEvent[] {
    const { hints: taken, refused } = deps.bus.trusted === true ? { hints: events, refused: [] } : sortHints(events, time.now());
    for (const { range, leadership } of led) if (leadership.leads()) range.hint(taken);
    return refused;
  }
  async function lead(): Promise<void> {
    if (deps.time === undefined) await time.start();
    for (const { leadership } of led) await leadership.start();
    await sharing.start();
  }
  async function resign(): Promise<void> {
    await sharing.stop();
    await Promise.all(led.map(({ leadership }) => leadership.stop()));
    if (deps.time === undefined) await time.stop();
  }
  // Hints are never needed: leading waits for no topic, neither to begin nor to end.
  const lifecycle = createLifecycle({
    async start() {
      await Promise.all([hints.start(), lead()]);
    },
    async stop() {
      await Promise.all([hints.stop(), resign()]);
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
  { config, shard, time }: { config: SchedulerConfig; shard: Shard; time: StoreClock },
): LedRange {
  const name = `${LOCK_NAME}-${rangeName(shard)}`;
  const range = createRangeScheduler({
    ...deps,
    config: limitsOfRange(config),
    shard,
    now: time.now,
    time,
    leads: () => time.steady() && leadership.leads(), // At once: until the lock is given up it would fire by a clock that jumped.
  });
  const leadership: Leadership = createLeadership({
    name,
    lock: deps.lock,
    clock: deps.clock,
    log: deps.log,
    ttlMs: config.lockTtlMs,
    fit: time.steady,
    lead: range,
    onChange: (leading) => deps.metrics.leading.set({ range: rangeName(shard) }, leading ? 1 : 0),
  });
  return { range, leadership };
}

/** What is bounded for all ranges together is bounded for each by its part: whoever leads it counts its own slots only. */
function limitsOfRange(config: SchedulerConfig): SchedulerConfig {
  const part = (limit: number): number => Math.ceil(limit / config.ranges.length);
  const { windowRunsMax, heapJobsMax, leasesWatchedMax } = config;
  return {
    ...config,
    windowRunsMax: part(windowRunsMax),
    heapJobsMax: part(heapJobsMax),
    leasesWatchedMax: part(leasesWatchedMax),
  };
}
