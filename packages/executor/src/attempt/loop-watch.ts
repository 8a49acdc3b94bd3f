import type { Clock, Timer } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { Counter } from "prom-client";
import type { ExecutorConfig } from "../executor-config.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/** Names handlers that keep the thread: meanwhile nothing else happens in the process, not even a heartbeat. */
export interface LoopWatch {
  /** The call of this handler kept the thread for so long. */
  onHeld(attempt: RunningAttempt, heldMs: number): void;
  /** To be called when attempts were started. It watches until there are none. */
  watch(): void;
  stop(): void;
}

export interface LoopWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: Pick<ExecutorConfig, "loopHeldMs">;
  readonly heldSeconds: Counter<"handler">;
  /** Those in progress. */
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  /** CPU time of this process, in milliseconds. */
  readonly cpuMs?: () => number;
}

/** Types of handlers that a warning names. */
const NAMED_MAX = 10;
/** A process that was suspended, or got no core, used less than this share of the time. Then no handler kept the thread. */
const CPU_SHARE_MIN = 0.5;

const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/**
 * What a handler does before it first waits is measured by its call. What it does later is seen by a timer that comes late; then the handlers in
 * progress are named, one of which it was.
 */
export function createLoopWatch({ clock, log, config, heldSeconds, attempts, cpuMs = ownCpuMs }: LoopWatchOptions): LoopWatch {
  const intervalMs = config.loopHeldMs / 2;
  let timer: Timer | null = null;
  let namedAtMs = -Infinity;
  let armed = { atMs: 0, cpuMs: 0 };

  function report(handler: string, heldMs: number, fields: Readonly<Record<string, unknown>>): void {
    namedAtMs = clock.monotonicMs();
    heldSeconds.inc({ handler }, heldMs / 1_000);
    log.warn(
      { ...fields, heldMs: Math.round(heldMs) },
      "a handler kept the thread of the process: do long computations in a worker thread",
    );
  }
  function arm(): void {
    armed = { atMs: clock.monotonicMs(), cpuMs: cpuMs() };
    timer = clock.setTimer(intervalMs, look);
  }
  function look(): void {
    const heldMs = clock.monotonicMs() - armed.atMs - intervalMs;
    if (heldMs >= intervalMs && namedAtMs < armed.atMs && cpuMs() - armed.cpuMs >= heldMs * CPU_SHARE_MIN) reportUnknown(heldMs);
    timer = null;
    if (attempts.size > 0) arm();
  }
  function reportUnknown(heldMs: number): void {
    const types = [...new Set(Array.from(attempts.values(), ({ handler }) => handler.type))];
    const [only = ""] = types;
    report(types.length === 1 ? only : "", heldMs, { handlers: types.slice(0, NAMED_MAX) });
  }
  return {
    onHeld({ claim: { run } }, heldMs) {
      report(run.handler, heldMs, { handler: run.handler, job: run.jobId, run: run.runId, attempt: run.attempt });
    },
    watch() {
      if (timer === null) arm();
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
