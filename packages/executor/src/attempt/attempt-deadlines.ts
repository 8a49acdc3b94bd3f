import { AppError } from "@tickline/shared/domain/app-error";
import type { Clock, Timer } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { EndProcess } from "@tickline/shared/runtime/service/process-work";
import type { ExecutorConfig } from "../executor-config.ts";
import { deadlineStep } from "./deadline-step.ts";
import { abortAttempt, type RunningAttempt } from "./running-attempt.ts";

export interface DeadlineOptions {
  readonly context: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly config: Pick<ExecutorConfig, "abortGraceMs" | "leaseMarginMs" | "stuckHandlersMax">;
    readonly end: EndProcess;
  };
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
}

/** The deadlines of all running attempts: timeouts, ends of leases, and ends of grace periods. */
export interface AttemptDeadlines {
  /** Makes sure that the attempts are checked no later than that time. Costs a comparison unless it is the earliest deadline. */
  watch(atMs: number): void;
  /** Checks all attempts, and sets the timer to the next deadline. */
  sweep(): void;
  /** Sweeps if a deadline of this attempt has passed: after a process was suspended, other work may run before its timers. */
  check(attempt: RunningAttempt): void;
  /** Handlers that ignore their aborted signal. */
  readonly stuck: number;
  stop(): void;
}

const STUCK = "a handler ignores that it was asked to end; until it does, its run stays open and it holds a worker";

/**
 * One timer for all attempts: it is set to the earliest deadline, and when it fires, all attempts are checked. Most deadlines are minutes away and
 * most attempts end in milliseconds, so a timer or a place in a heap for each attempt would be made and removed for nothing.
 */
export function createAttemptDeadlines({ context, attempts }: DeadlineOptions): AttemptDeadlines {
  const { clock, log, config } = context;
  let timer: Timer | null = null;
  let timerAtMs = Infinity;
  let stuck = 0;

  function watch(atMs: number): void {
    if (atMs >= timerAtMs) return;
    timer?.cancel();
    timerAtMs = atMs;
    timer = clock.setTimer(Math.max(0, atMs - clock.monotonicMs()), sweep);
  }
  function sweep(): void {
    stop();
    const nowMs = clock.monotonicMs();
    let nextMs = Infinity;
    let stuckNow = 0; // Local, because listeners of an aborted signal may read other signals, which sweeps again.
    for (const attempt of attempts.values()) {
      nextMs = Math.min(nextMs, look(attempt, nowMs));
      if (attempt.stuck) stuckNow += 1;
    }
    stuck = stuckNow;
    if (stuck >= config.stuckHandlersMax) context.end(new AppError("internal", `${stuck} handlers ignore that they were asked to end`));
    watch(nextMs);
  }
  /** Returns when to check it again. */
  function look(attempt: RunningAttempt, nowMs: number): number {
    const step = deadlineStep(attempt, nowMs, config);
    switch (step.kind) {
      case "wait":
        return step.atMs;
      case "abort":
        abortAttempt(attempt, step.cause, step.graceUntilMs);
        return step.graceUntilMs;
      case "report":
        attempt.stuck = true;
        log.error(logFields(attempt), STUCK);
        return attempt.leaseUntilMs;
      case "end_process":
        endProcess(context, attempt);
        return Infinity;
    }
  }
  function stop(): void {
    timer?.cancel();
    timer = null;
    timerAtMs = Infinity;
  }
  return {
    watch,
    sweep,
    check(attempt) {
      if (isRunning(attempts, attempt) && deadlineStep(attempt, clock.monotonicMs(), config).kind !== "wait") sweep();
    },
    stop,
    get stuck() {
      return stuck;
    },
  };
}

/** False for an attempt that has ended: code that still reads its signal changes nothing. */
const isRunning = (attempts: ReadonlyMap<string, RunningAttempt>, attempt: RunningAttempt): boolean =>
  attempts.get(attempt.claim.run.runId) === attempt;

/** At once: another attempt may start now. */
function endProcess({ log, end }: DeadlineOptions["context"], attempt: RunningAttempt): void {
  const why = "a handler ignores that it was asked to end, and its lease is gone";
  log.error(logFields(attempt), `${why}: the process ends, so that no other attempt runs beside it`);
  end(new AppError("internal", why), { atOnce: true });
}

const logFields = ({ claim: { run }, aborted }: RunningAttempt) => ({
  handler: run.handler,
  jobId: run.jobId,
  runId: run.runId,
  attempt: run.attempt,
  aborted,
});
