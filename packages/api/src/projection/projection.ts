import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { StoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { Counter, Gauge } from "prom-client";
import type { ApiConfig } from "../api-config.ts";
import type { ApiDeps } from "../api-deps.ts";
import { createProjector } from "./projector.ts";
import { createSettledFold } from "./settled-fold.ts";

/** Updates `status` and `lastRun` of jobs: from the events of their runs, and once a minute from the runs themselves. */
export function createProjection(deps: ApiDeps & { readonly time: StoreClock }, config: ApiConfig): Service {
  const { bus, status, clock, log, metrics, time } = deps;
  const unconfirmed = new Counter({
    name: "tickline_projection_unconfirmed_total",
    help: "Changes of a job's status that an event reported and no run in the store confirms: the run was deleted by retention, or never existed.",
    registers: [metrics],
  });
  const projector = createProjector({
    status,
    standing: bus.trusted === true ? undefined : status.standing,
    onUnconfirmed: (changes) => unconfirmed.inc(changes),
    clock,
    log,
    limits: config,
    onPending: () => writes.wake(),
  });
  const writes = createLoop({ name: "projection", clock, log, runOnce: projector.writeOnce });
  const fold = createSettledFold(deps, config);
  /** While the clock jumps, the watermark could advance too far and would have to be set back. */
  const foldIfSteady = (): Promise<number> => (time.doubt() === null ? fold() : Promise.resolve(config.clockLookMs));
  const folds = createLoop({ name: "settled-fold", clock, log, runOnce: foldIfSteady });
  const events = createLastingSubscription({
    ...deps,
    request: () => ({ topics: [RUNS_TOPIC], group: "api-projection", from: "beginning", onBatch: projector.take }),
  });
  new Gauge({
    name: "tickline_projection_lag_seconds",
    help: "Age of the oldest event of a run that the status of its job does not show yet.",
    registers: [metrics],
    collect() {
      this.set(projector.lagMs() / 1_000);
    },
  });
  return createLifecycle({
    async start() {
      await writes.start();
      await folds.start();
      await events.start();
    },
    /** Pending changes are not lost: the next fold finds them. */
    async stop() {
      projector.release();
      await events.stop();
      await folds.stop();
      await writes.stop();
    },
  });
}
