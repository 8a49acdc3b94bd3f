import { AppError } from "@tickline/shared/domain/app-error";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { createPacedLog } from "@tickline/shared/runtime/log/paced-log";
import type { AbandonableService } from "@tickline/shared/runtime/service/process-work";
import { createStoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { createLocalWorkers } from "./claim/local-workers.ts";
import { createWorkerPool } from "./claim/worker-pool.ts";
import { checkExecutorConfig, type ExecutorConfig } from "./executor-config.ts";
import type { ExecutorContext, ExecutorDeps } from "./executor-context.ts";
import { createExecutorMetrics, registerExecutorGauges } from "./executor-metrics.ts";
import { createExecutorSession } from "./executor-session.ts";
import type { Handler } from "./handlers/handler.ts";

/**
 * Runs what is due: claims, calls handlers, settles. Any number may run. `stop` drains: running handlers get `drainMs`, then they are asked to end;
 * their results are written and published before it resolves.
 */
export interface Executor extends AbandonableService {
  /** For a scheduler in the same process. It reserves nothing while the executor does not run. */
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
    handlers: mapByType(deps.handlers),
    metrics: createExecutorMetrics(deps.metrics),
    end: deps.end ?? (() => process.exit(1)),
  };
  // Handlers that still run after a stop keep their workers, so workers are counted across sessions.
  const pool = createWorkerPool({ shares: config, onChange: () => session.onPoolChange() });
  const localWorkers = createLocalWorkers({
    context,
    pool,
    blocked: () => session.blocked(),
    waiting: (queue, priorityMin) => session.waiting(queue, priorityMin),
    onClaimed: (claims, sentAtMs) => session.startClaimed(claims, sentAtMs),
  });
  const newSession = () => createExecutorSession({ context, pool, onFree: localWorkers.onFree });
  let session = newSession();
  let used = false;
  registerExecutorGauges(deps.metrics, { busy: () => pool.busy, stuck: () => session.stuck, unsettled: () => session.unsettled });
  const lifecycle = createLifecycle({
    async start() {
      if (used) session = newSession();
      used = true;
      if (deps.time === undefined) await time.start();
      await session.start();
    },
    async stop() {
      await session.stop();
      if (deps.time === undefined) await time.stop();
    },
  });
  return { ...lifecycle, abandon: () => session.abandon(), work: () => session.work(), localWorkers };
}

function mapByType(handlers: readonly Handler[]): ReadonlyMap<string, Handler> {
  const byType = new Map<string, Handler>();
  for (const handler of handlers) {
    if (byType.has(handler.type)) throw new AppError("bad_handler", `there are two handlers of type ${handler.type}`);
    byType.set(handler.type, handler);
  }
  return byType;
}
