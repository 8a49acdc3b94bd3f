import type { Announcements } from "@tickline/shared/ports/runs/announcements";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import type { HandlerRegistry } from "@tickline/shared/ports/store/handler-registry";
import type { RunClaims } from "@tickline/shared/ports/runs/run-claims";
import type { Store } from "@tickline/shared/ports/store/store";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { PacedLog } from "@tickline/shared/runtime/log/paced-log";
import type { EndProcess } from "@tickline/shared/runtime/service/process-work";
import type { StoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import type { Registry } from "prom-client";
import type { ExecutorConfig } from "./executor-config.ts";
import type { ExecutorMetrics } from "./executor-metrics.ts";
import type { Handler } from "./handlers/handler.ts";

/** What the executor is given. */
export interface ExecutorDeps {
  readonly claims: RunClaims;
  readonly announcements: Announcements;
  readonly handlersRegistry: HandlerRegistry;
  readonly ping: Store["ping"];
  readonly decided: Store["decided"];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly metrics: Registry;
  /** The handlers of this executor. Types are unique. */
  readonly handlers: readonly Handler[];
  /** A clock that several services of a process share; its owner starts and stops it. Default: one of its own. */
  readonly time?: StoreClock;
  /** Ends the process when nothing else keeps the guarantees. Default: exits with 1 at once. */
  readonly end?: EndProcess;
}

/** What the parts of the executor use. Its `clock` has the store's time. */
export interface ExecutorContext extends Omit<ExecutorDeps, "metrics" | "handlers" | "end" | "time" | "ping" | "decided"> {
  readonly time: Pick<StoreClock, "decide" | "doubt" | "steadyForMs" | "watch">;
  readonly config: ExecutorConfig;
  /** For the starts and ends of runs. */
  readonly runLog: PacedLog;
  readonly metrics: ExecutorMetrics;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly end: EndProcess;
}
