import type { Shard } from "@tickline/shared/domain/slot";
import type { Announcements } from "@tickline/shared/ports/announcements";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import type { DeferredRuns } from "@tickline/shared/ports/deferred-runs";
import type { DueJobs } from "@tickline/shared/ports/due-jobs";
import type { DueRuns } from "@tickline/shared/ports/due-runs";
import type { HandlerRegistry } from "@tickline/shared/ports/handler-registry";
import type { JobOutbox } from "@tickline/shared/ports/job-outbox";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { Lock } from "@tickline/shared/ports/lock";
import type { Retention } from "@tickline/shared/ports/retention";
import type { RunControl } from "@tickline/shared/ports/run-control";
import type { RunLeases } from "@tickline/shared/ports/run-leases";
import type { Store } from "@tickline/shared/ports/store";
import type { Logger } from "@tickline/shared/runtime/logger";
import type { StoreClock } from "@tickline/shared/runtime/store-clock";
import type { SchedulerConfig } from "./scheduler-config.ts";
import type { SchedulerMetrics } from "./scheduler-metrics.ts";

/** What the scheduler is given. `localWorkers` where an executor lives in the same process. */
export interface SchedulerDeps {
  readonly dueJobs: DueJobs;
  readonly dueRuns: DueRuns;
  readonly deferred: DeferredRuns;
  /** What executors can run, as they tell. */
  readonly handlers: HandlerRegistry;
  readonly leases: RunLeases;
  readonly control: RunControl;
  readonly announcements: Announcements;
  readonly outbox: JobOutbox;
  readonly retention: Retention;
  readonly ping: Store["ping"];
  readonly decided: Store["decided"];
  readonly lock: Lock;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly metrics: SchedulerMetrics;
  readonly localWorkers: LocalWorkers | null;
  /** Where several services share a process, and whoever made it starts and stops it. Default: one of its own. */
  readonly time?: StoreClock;
}

/** What every part of one range's leadership works with. */
export interface RangeContext extends Omit<SchedulerDeps, "time"> {
  readonly config: SchedulerConfig;
  readonly shard: Shard;
  /** The store's time. Fires and wakes go by it. */
  readonly now: () => number;
  readonly time: Pick<StoreClock, "steadyForMs" | "setBack" | "decidedBefore">;
  /** False from the moment the lock may be another's, or the store's clock is seen to jump. Read before each batch. */
  readonly leads: () => boolean;
}
