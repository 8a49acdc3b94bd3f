import { Registry } from "prom-client";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import type { StoreFaults } from "@tickline/shared/testing/memory-store/faults";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { Job } from "@tickline/shared/domain/job/job";
import type { Run } from "@tickline/shared/domain/run/run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobEvent } from "@tickline/shared/events/job-event";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import type { Store } from "@tickline/shared/ports/store/store";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { newJob, START, type JobOverrides } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { SCHEDULER_DEFAULTS, type SchedulerConfig } from "./scheduler-config.ts";
import { createSchedulerMetrics } from "./scheduler-metrics.ts";
import type { ShardContext, SchedulerDeps } from "./shard-context.ts";

export interface SetupOptions {
  readonly config?: Partial<SchedulerConfig>;
  readonly localWorkers?: LocalWorkers | null;
  readonly leads?: () => boolean;
  /** Default: a clock that has been steady for ever, and was never set back. */
  readonly time?: ShardContext["time"];
  readonly store?: (store: Store) => Store;
  readonly faults?: StoreFaults;
}

/** A scheduler's surroundings in memory, with a clock that stands still until the test moves it. */
export function setup({
  config = {},
  localWorkers = null,
  leads = () => true,
  time = { steadyForMs: () => Number.POSITIVE_INFINITY, setBack: () => null, decidedBefore: () => null },
  store: wrap = (store) => store,
  faults = {},
}: SetupOptions = {}) {
  const clock = manualClock(START);
  const store = wrap(createMemoryStore({ clock, digest: sha256, faults }));
  const bus = createMemoryBus({ clock });
  const registry = new Registry();
  const published: TicklineEvent[] = [];
  const deps: SchedulerDeps = {
    dueJobs: store.dueJobs,
    dueRuns: store.dueRuns,
    deferred: store.deferred,
    handlers: store.handlers,
    leases: store.leases,
    control: store.control,
    announcements: store.announcements,
    outbox: store.outbox,
    retention: store.retention,
    ping: store.ping,
    decided: store.decided,
    lock: createMemoryLock({ clock }),
    // Tests read the published events at once; the bus itself delivers them in a later turn of the event loop.
    bus: {
      ...bus,
      publish(topic, events) {
        published.push(...events);
        return bus.publish(topic, events);
      },
    },
    clock,
    entropy: systemEntropy,
    log: silentLogger,
    metrics: createSchedulerMetrics(registry),
    localWorkers,
  };
  const context: ShardContext = { ...deps, config: { ...SCHEDULER_DEFAULTS, ...config }, shard: ALL_SLOTS, now: clock.now, time, leads };
  return {
    clock,
    store,
    deps,
    context,
    registry,
    published,
    publishedTypes: () => published.map(({ type }) => type),
    addJob: (overrides: JobOverrides = {}) => addJob(store, overrides),
    listRuns: (job: Job) => listRuns(store, job),
  };
}

async function addJob(store: Store, overrides: JobOverrides): Promise<Job> {
  const job = newJob(overrides);
  await store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
  return job;
}

/** Oldest first. */
async function listRuns(store: Store, job: Job): Promise<Run[]> {
  const { items } = await store.runs.list(job.tenantId, { jobUid: job.uid, limit: 200, cursor: null });
  return [...items].reverse();
}
