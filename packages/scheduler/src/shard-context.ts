import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { Shard } from "@tickline/shared/domain/slot";
import type { Announcements } from "@tickline/shared/ports/runs/announcements";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import type { DeferredRuns } from "@tickline/shared/ports/runs/deferred-runs";
import type { DueJobs } from "@tickline/shared/ports/jobs/due-jobs";
import type { DueRuns } from "@tickline/shared/ports/runs/due-runs";
import type { HandlerRegistry } from "@tickline/shared/ports/store/handler-registry";
import type { JobOutbox } from "@tickline/shared/ports/jobs/job-outbox";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import type { Lock } from "@tickline/shared/ports/lock";
import type { Retention } from "@tickline/shared/ports/store/retention";
import type { RunControl } from "@tickline/shared/ports/runs/run-control";
import type { RunLeases } from "@tickline/shared/ports/runs/run-leases";
import type { Store } from "@tickline/shared/ports/store/store";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { StoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import type { SchedulerConfig } from "./scheduler-config.ts";
import type { SchedulerMetrics } from "./scheduler-metrics.ts";

/** What the scheduler needs to run. */
export interface SchedulerDeps {
  readonly dueJobs: DueJobs;
  readonly dueRuns: DueRuns;
  readonly deferred: DeferredRuns;
  /** The handlers that executors have registered. */
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
  /** Null unless an executor runs in the same process. */
  readonly localWorkers: LocalWorkers | null;
  /** Given where several services share a process; the code that made it starts and stops it. Default: one of its own. */
  readonly time?: StoreClock;
}

/** What each part of the leader of one shard works with. */
export interface ShardContext extends Omit<SchedulerDeps, "time"> {
  readonly config: SchedulerConfig;
  readonly shard: Shard;
  /** The store's time. Fires and wakes use it. */
  readonly now: () => number;
  readonly time: Pick<StoreClock, "steadyForMs" | "setBack" | "decidedBefore">;
  /** False from the moment the lock may belong to another scheduler, or the store's clock is seen to jump. Read before each batch. */
  readonly leads: () => boolean;
}

/** What the parts of one leader report to each other. */
export interface ShardListeners {
  /** Runs that were just fired, and wait for an executor. */
  readonly onFired: (runs: readonly DueRun[]) => void;
  /** Runs may have become publishable. */
  readonly onPublishable: () => void;
  /** Runs the scheduler has ended, to be announced. */
  readonly onEnded: (runs: readonly EndedRun[]) => void;
}
