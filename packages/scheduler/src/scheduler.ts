import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Shard } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { faultOfNews, isRunNews } from "@tickline/shared/events/run-news";
import { CONTROL_TOPIC, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import type { Service } from "@tickline/shared/runtime/service/service";
import { createStoreClock, type StoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { checkSchedulerConfig, type SchedulerConfig } from "./scheduler-config.ts";
import type { SchedulerDeps } from "./shard-context.ts";
import { createShardScheduler, type ShardScheduler } from "./shard-scheduler.ts";
import { createLeadership, type Leadership } from "./sharding/leadership.ts";
import { createMembership } from "./sharding/membership.ts";
import { createShardSharing } from "./sharding/shard-sharing.ts";
import { shardName } from "./sharding/shards.ts";

export interface Scheduler extends Service {
  /** True while this process leads some shard. */
  leads(): boolean;
  /** How many shards it leads. */
  leading(): number;
}

/** The name of this installation's locks. It is public: the lock server may serve others too. */
const LOCK_NAME = "tickline-scheduler";

/** Decides when jobs are due. Any number may run: each shard is led by the scheduler that holds its lock. Throws `bad_config`. */
export function createScheduler(deps: SchedulerDeps, config: SchedulerConfig): Scheduler {
  checkSchedulerConfig(config);
  const { clock, log, entropy, ping, decided, lock } = deps;
  const time = deps.time ?? createStoreClock({ clock, ping, decided, log }, config);
  const led = config.shards.map((shard) => createLedShard(deps, { config, shard, time }));
  const sharing = createShardSharing({
    leaderships: led.map(({ leadership }) => leadership),
    membership: createMembership({ name: LOCK_NAME, lock, ttlMs: config.lockTtlMs, membersMax: led.length, token: entropy.newToken() }),
    clock,
    entropy,
    log,
    shareMs: config.shareMs,
    standInMs: config.lockTtlMs / 3,
    mayLead: time.steady,
    onMembers: (members) => deps.metrics.alive.set(members),
  });
  // Each scheduler receives all hints, so it has a group of its own; hints published before its start do not matter.
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
    const { taken, refused } = deps.bus.trusted === true ? { taken: events, refused: [] } : sortHints(events, time.now());
    for (const { scheduler, leadership } of led) if (leadership.leads()) scheduler.hint(taken);
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

interface LedShard {
  readonly scheduler: ShardScheduler;
  readonly leadership: Leadership;
}

function createLedShard(
  deps: SchedulerDeps,
  { config, shard, time }: { config: SchedulerConfig; shard: Shard; time: StoreClock },
): LedShard {
  const name = shardName(shard);
  const scheduler = createShardScheduler({
    ...deps,
    config: divideLimits(config),
    shard,
    now: time.now,
    time,
    leads: () => time.steady() && leadership.leads(), // Before the lock is released too, nothing may fire by a clock that jumped.
  });
  const leadership: Leadership = createLeadership({
    name: `${LOCK_NAME}-${name}`,
    lock: deps.lock,
    clock: deps.clock,
    log: deps.log,
    ttlMs: config.lockTtlMs,
    mayLead: time.steady,
    service: scheduler,
    onChange: (leading) => deps.metrics.leading.set({ range: name }, leading ? 1 : 0),
  });
  return { scheduler, leadership };
}

/** A limit over all shards is divided evenly among them: the leader of a shard counts only its own slots. */
function divideLimits(config: SchedulerConfig): SchedulerConfig {
  const part = (limit: number): number => Math.ceil(limit / config.shards.length);
  const { windowRunsMax, heapJobsMax, leasesWatchedMax } = config;
  return {
    ...config,
    windowRunsMax: part(windowRunsMax),
    heapJobsMax: part(heapJobsMax),
    leasesWatchedMax: part(leasesWatchedMax),
  };
}

function sortHints(events: readonly TicklineEvent[], now: Instant) {
  const taken: TicklineEvent[] = [];
  const refused: RefusedEvent[] = [];
  for (const event of events) {
    const reason = hintFault(event, now);
    if (reason === null) taken.push(event);
    else refused.push({ event, reason });
  }
  return { taken, refused };
}

/** A fired instant may be this far ahead of the store's clock, because a manual trigger uses another clock. Milliseconds. */
const AHEAD_MS_MAX = 60_000;

/**
 * Why a hint is refused; null: it is taken. Any program may publish a hint, so no hint decides anything: jobs are read again, and runs are counted
 * and read in the store. Only the last run of a job that a hint contains goes into `JobDue` without a read, so it is checked here. Tickline's
 * executors read what they pass to handlers from the store.
 */
export function hintFault(event: TicklineEvent, now: Instant): string | null {
  if (!isRunNews(event)) return null;
  return faultOfNews(event) ?? (event.data.scheduledFor > now + AHEAD_MS_MAX ? "its scheduledFor has not come yet" : null);
}
