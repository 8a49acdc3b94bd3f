import type { Clock } from "@tickline/shared/ports/clock";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { RunningAttempts } from "../attempt/running-attempts.ts";
import type { Claimer } from "../claim/claimer.ts";
import type { WorkerPool } from "../claim/worker-pool.ts";
import type { ExecutorContext } from "../executor-context.ts";
import type { RunEvents } from "../publish/run-events.ts";
import type { Settler } from "../settle/settler.ts";

export interface DrainOptions {
  readonly context: Pick<ExecutorContext, "clock" | "config" | "log">;
  readonly pool: Pick<WorkerPool, "whenIdle">;
  readonly claimer: Claimer;
  readonly attempts: RunningAttempts;
  readonly settler: Settler;
  readonly events: RunEvents;
  /** Where runs come from. These stop first. */
  readonly sources: readonly Pick<Service, "stop">[];
  /** What running attempts need. These stop last. */
  readonly services: readonly Pick<Service, "stop">[];
  /** True when the process ends by a fault, and other code ends it. */
  readonly abandoned: () => boolean;
}

const STILL_RUNNING = "handlers still run at the end of the executor; their runs are run again";

/**
 * Stops what was started, when nothing is claimed any more. Each step has a limit of time, and no handler waits for a topic that does not answer.
 * Attempts that have not ended by then are rescued when their leases end.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { context, pool, claimer, attempts, settler, events, sources, services, abandoned } = options;
  const { clock, config, log } = context;
  const unsubscribed = Promise.allSettled(sources.map((source) => source.stop()));
  await waitAtMost(clock, config.drainMs, pool.whenIdle());
  if (abandoned()) return; // A handler that is asked to end now would release its run, as if there was no fault.
  attempts.abortAll("shutdown");
  await waitAtMost(clock, config.abortGraceMs, pool.whenIdle());
  claimer.stop();
  await waitAtMost(clock, config.flushMs, settler.flushed());
  if (abandoned()) return;
  settler.stop();
  await waitAtMost(clock, config.flushMs, Promise.all([events.flushed(), ...services.map((service) => service.stop()), unsubscribed]));
  attempts.stopWatching();
  if (attempts.all.size > 0) log.warn({ runs: [...attempts.all.keys()] }, STILL_RUNNING);
}

/** Resolves when the work has settled, or after that time. The work then continues. */
function waitAtMost(clock: Clock, waitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.setTimer(waitMs, resolve);
  const settled = (): void => {
    timer.cancel();
    resolve();
  };
  work.then(settled, settled);
  return promise;
}
