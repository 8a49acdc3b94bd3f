import { AppError } from "@tickline/shared/domain/app-error";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import { createLifecycle } from "@tickline/shared/runtime/lifecycle";
import { createPacedLog } from "@tickline/shared/runtime/paced-log";
import type { AbandonableService } from "@tickline/shared/runtime/process-work";
import { createStoreClock } from "@tickline/shared/runtime/store-clock";
import { checkExecutorConfig, type ExecutorConfig } from "./executor-config.ts";
import type { ExecutorContext, ExecutorDeps } from "./executor-context.ts";
import { createExecutorMetrics, registerExecutorGauges } from "./executor-metrics.ts";
import { createExecutorSession } from "./executor-session.ts";
import type { Handler } from "./handlers/handler.ts";
import { createWorkerPool } from "./claim/worker-pool.ts";

/**
 * Runs what is due: claims, calls handlers, settles. Any number may run. `stop` drains: running handlers get `drainMs`,
 * then they are asked to end; what they come to is written and announced before it resolves.
 */
export interface Executor extends AbandonableService {
  /** For a scheduler in the same process. It refuses while the executor does not run. */
  readonly localWorkers: LocalWorkers;
}

/** Throws `bad_config` and `bad_handler`. Nothing happens before `start`. */
export function createExecutor(deps: ExecutorDeps, config: ExecutorConfig): Executor {
  checkExecutorConfig(config);
  const time = deps.time ?? createStoreClock(deps, config);
  const context: ExecutorContext = {
    ...deps,
    clock: time,
    time,
    config,
    runLog: createPacedLog(deps.log, time),
    handlers: handlersByType(deps.handlers),
    metrics: createExecutorMetrics(deps.metrics),
    end: deps.end ?? (() => process.exit(1)),
  };
  // Handlers that outlive a stop keep their workers, so these are counted across sessions.
  const pool = createWorkerPool({ shares: config, onChange: () => session.onPoolChange() });
  let session = createExecutorSession(context, pool);
  let used = false;
  registerExecutorGauges(deps.metrics, { busy: () => pool.busy, stuck: () => session.stuck, unsettled: () => session.unsettled });
  const lifecycle = createLifecycle({
    async start() {
      if (used) session = createExecutorSession(context, pool);
      used = true;
      if (deps.time === undefined) await time.start();
      await session.start();
    },
    async stop() {
      await session.stop();
      if (deps.time === undefined) await time.stop();
    },
  });
  return {
    ...lifecycle,
    abandon: () => session.abandon(),
    work: () => session.work(),
    localWorkers: {
      reserve: (job) => session.workers.reserve(job),
      unreserve: (jobs) => session.workers.unreserve(jobs),
      free: (queue) => session.workers.free(queue),
      room: () => session.workers.room(),
      freeSoon: (job) => session.workers.freeSoon(job),
      onceFree: (queues, listener) => session.workers.onceFree(queues, listener),
      claimant: () => session.workers.claimant(),
      start: (claims) => session.workers.start(claims),
    },
  };
}

function handlersByType(handlers: readonly Handler[]): ReadonlyMap<string, Handler> {
  const byType = new Map<string, Handler>();
  for (const handler of handlers) {
    if (byType.has(handler.type)) throw new AppError("bad_handler", `there are two handlers of type ${handler.type}`);
    byType.set(handler.type, handler);
  }
  return byType;
}
