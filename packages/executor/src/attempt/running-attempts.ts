import type { ClaimedRun, DueRun } from "@tickline/shared/domain/run/due-run";
import type { AttemptResult } from "@tickline/shared/domain/run/settlement";
import type { ExecutorContext } from "../executor-context.ts";
import type { RunEvents } from "../publish/run-events.ts";
import type { Settler } from "../settle/settler.ts";
import { createAttemptDeadlines, type AttemptDeadlines } from "./attempt-deadlines.ts";
import { attemptResult, type AttemptEnding } from "./attempt-result.ts";
import { createHandlerCaller } from "./call-handlers.ts";
import { createLoopWatch } from "./loop-watch.ts";
import type { AbortCause } from "./run-aborted.ts";
import { abortAttempt, createRunningAttempt, type RunningAttempt } from "./running-attempt.ts";
import { storedStack, thrownStack } from "./thrown-error.ts";

export interface RunningAttemptsOptions {
  readonly context: ExecutorContext;
  readonly settler: Settler;
  readonly events: RunEvents;
  /** False while the executor does not run: what is claimed then is released uncalled. */
  readonly isOpen: () => boolean;
  /** Called when an attempt has ended: its worker is free. */
  readonly onEnded: (run: DueRun) => void;
}

/** The attempts that run in this process, from their claims until their results are given to the settler. */
export interface RunningAttempts {
  /** By run id. */
  readonly all: ReadonlyMap<string, RunningAttempt>;
  readonly deadlines: AttemptDeadlines;
  start(claims: readonly ClaimedRun[], sentAtMs: number): void;
  abort(attempt: RunningAttempt, cause: AbortCause): void;
  abortAll(cause: AbortCause): void;
  /** Watches neither deadlines nor the thread any more. */
  stopWatching(): void;
}

export function createRunningAttempts({ context, settler, events, isOpen, onEnded }: RunningAttemptsOptions): RunningAttempts {
  const { clock, entropy, config, handlers, log, metrics, runLog } = context;
  const rules = { releasesMax: config.releasesMax, random: entropy.random };
  const all = new Map<string, RunningAttempt>();
  const deadlines = createAttemptDeadlines({ context, attempts: all });
  const loop = createLoopWatch({ clock, log, config, heldSeconds: metrics.loopHeldSeconds, attempts: all });
  const caller = createHandlerCaller({ clock, config, loop, services: { clock, log, deadlines }, onCall, onEnded: end });

  function start(claims: readonly ClaimedRun[], sentAtMs: number): void {
    const attempts: RunningAttempt[] = [];
    for (const claim of claims) {
      const handler = handlers.get(claim.run.handler);
      // The last two only happen if another process claims in our name. An older attempt that still runs here must end first.
      if (!isOpen() || handler === undefined || all.has(claim.run.runId)) settle(claim, { result: { kind: "released" }, stack: null });
      else attempts.push(add(createRunningAttempt(claim, { handler, leaseUntilMs: leaseEndMs(claim, sentAtMs) })));
    }
    caller.add(attempts);
  }
  function add(attempt: RunningAttempt): RunningAttempt {
    all.set(attempt.claim.run.runId, attempt);
    deadlines.watch(attempt.leaseUntilMs - config.leaseMarginMs);
    return attempt;
  }
  function onCall(attempt: RunningAttempt): void {
    attempt.calledMs = clock.monotonicMs();
    attempt.timeoutAtMs = attempt.calledMs + attempt.claim.run.timeoutMs;
    deadlines.watch(attempt.timeoutAtMs);
    const { jobId: job, runId: run, attempt: number, handler } = attempt.claim.run;
    runLog.info({ job, run, attempt: number, handler }, "a run starts");
    events.started(attempt.claim);
  }
  function end(attempt: RunningAttempt, ending: AttemptEnding): void {
    const { claim, aborted, calledMs } = attempt;
    all.delete(claim.run.runId);
    if (calledMs !== null) metrics.durationSeconds.observe((clock.monotonicMs() - calledMs) / 1_000);
    const result = attemptResult({ run: claim.run, aborted, ending }, rules);
    settle(claim, attempt.handler.builtIn === true ? { result, stack: null } : withStacks(result, ending));
  }
  function settle(claim: ClaimedRun, { result, stack }: ResultWithStack): void {
    settler.add({ claim, result, finishedAt: clock.now(), stack });
    onEnded(claim.run);
  }
  function abort(attempt: RunningAttempt, cause: AbortCause): void {
    abortAttempt(attempt, cause, clock.monotonicMs() + config.abortGraceMs);
    deadlines.watch(attempt.graceUntilMs);
  }
  return {
    all,
    deadlines,
    start,
    abort,
    abortAll(cause) {
      for (const attempt of all.values()) abort(attempt, cause);
    },
    stopWatching() {
      deadlines.stop();
      loop.stop();
    },
  };
}

interface ResultWithStack {
  readonly result: AttemptResult;
  /** For the log. */
  readonly stack: string | null;
}

/** Where a handler of the user threw. The message of a built-in handler is complete, and contains no secrets of its request. */
function withStacks(result: AttemptResult, ending: AttemptEnding): ResultWithStack {
  if (ending.kind !== "threw") return { result, stack: null };
  const stack = thrownStack(ending.thrown);
  const isError = result.kind === "failed" || result.kind === "retry";
  return { result: isError ? { ...result, stack: storedStack(ending.thrown) } : result, stack };
}

const leaseEndMs = ({ leaseMs }: ClaimedRun, sentAtMs: number): number => (leaseMs === null ? Infinity : sentAtMs + leaseMs);
