import type { ClaimedRun, DueRun } from "@tickline/shared/domain/due-run";
import type { AttemptResult } from "@tickline/shared/domain/settlement";
import { createAttemptDeadlines, type AttemptDeadlines } from "./attempt-deadlines.ts";
import { attemptResult, type AttemptEnding } from "./attempt-result.ts";
import { createAttemptRunner } from "./attempt-runner.ts";
import type { ExecutorContext } from "../executor-context.ts";
import type { AbortCause } from "./run-aborted.ts";
import type { RunEvents } from "../publish/run-events.ts";
import { abortAttempt, runningAttempt, type RunningAttempt } from "./running-attempt.ts";
import type { Settler } from "../settle/settler.ts";
import { keptStack, thrownStack } from "./thrown-stack.ts";

export interface RunningAttemptsOptions {
  readonly context: ExecutorContext;
  readonly settler: Settler;
  readonly events: RunEvents;
  /** Called for every attempt that was started, when it has ended: its worker is free. */
  readonly onEnded: (run: DueRun) => void;
}

/** The attempts under way in this process, from their claims to the hand-over of their results. */
export interface RunningAttempts {
  /** By run. */
  readonly all: ReadonlyMap<string, RunningAttempt>;
  readonly deadlines: AttemptDeadlines;
  start(claims: readonly ClaimedRun[], sentAtMs: number): void;
  /** Gives back what was claimed and will not be called. */
  release(claims: readonly ClaimedRun[]): void;
  abort(attempt: RunningAttempt, cause: AbortCause): void;
  abortAll(cause: AbortCause): void;
}

export function createRunningAttempts({ context, settler, events, onEnded }: RunningAttemptsOptions): RunningAttempts {
  const { clock, entropy, config, handlers, log, metrics, runLog } = context;
  const rules = { releasesMax: config.releasesMax, random: entropy.random };
  const all = new Map<string, RunningAttempt>();
  const deadlines = createAttemptDeadlines({ context, attempts: all });
  const services = { clock, log, deadlines };
  const runner = createAttemptRunner({ clock, config, calls: { services, onCall: called, onEnded: ended } });

  function start(claims: readonly ClaimedRun[], sentAtMs: number): void {
    const attempts: RunningAttempt[] = [];
    for (const claim of claims) {
      const handler = handlers.get(claim.run.handler);
      // Neither happens, unless somebody claims in our name: an older attempt that is still alive here must end first.
      if (handler === undefined || all.has(claim.run.runId)) release([claim]);
      else attempts.push(begun(runningAttempt(claim, { handler, leaseUntilMs: leaseEnd(claim, sentAtMs) })));
    }
    runner.start(attempts);
  }
  function begun(attempt: RunningAttempt): RunningAttempt {
    all.set(attempt.claim.run.runId, attempt);
    deadlines.watch(attempt.leaseUntilMs - config.leaseMarginMs);
    return attempt;
  }
  function called(attempt: RunningAttempt): void {
    attempt.calledMs = clock.monotonicMs();
    attempt.timeoutAtMs = attempt.calledMs + attempt.claim.run.timeoutMs;
    deadlines.watch(attempt.timeoutAtMs);
    const { jobId: job, runId: run, attempt: number, handler } = attempt.claim.run;
    runLog.info({ job, run, attempt: number, handler }, "a run starts");
    events.started(attempt.claim);
  }
  function ended(attempt: RunningAttempt, ending: AttemptEnding): void {
    const { claim, aborted, calledMs } = attempt;
    all.delete(claim.run.runId);
    if (calledMs !== null) metrics.durationSeconds.observe((clock.monotonicMs() - calledMs) / 1_000);
    const result = attemptResult({ run: claim.run, aborted, ending }, rules);
    hand(claim, attempt.handler.builtIn === true ? { result, stack: null } : withStacks(result, ending));
  }
  function hand(claim: ClaimedRun, { result, stack }: Told): void {
    settler.add({ claim, result, finishedAt: clock.now(), stack });
    onEnded(claim.run);
  }
  function release(claims: readonly ClaimedRun[]): void {
    for (const claim of claims) hand(claim, { result: { kind: "released" }, stack: null });
  }
  function abort(attempt: RunningAttempt, cause: AbortCause): void {
    abortAttempt(attempt, cause, clock.monotonicMs() + config.abortGraceMs);
    deadlines.watch(attempt.graceUntilMs);
  }
  return {
    all,
    deadlines,
    start,
    release,
    abort,
    abortAll(cause) {
      for (const attempt of all.values()) abort(attempt, cause);
    },
  };
}

interface Told {
  readonly result: AttemptResult;
  /** For the log. */
  readonly stack: string | null;
}

/** Where a handler of one's own threw. What is built in says all in its message, without the secrets of its request. */
function withStacks(result: AttemptResult, ending: AttemptEnding): Told {
  if (ending.kind !== "threw") return { result, stack: null };
  const stack = thrownStack(ending.thrown);
  const isError = result.kind === "failed" || result.kind === "retry";
  return { result: isError ? { ...result, stack: keptStack(ending.thrown) } : result, stack };
}

const leaseEnd = ({ leaseMs }: ClaimedRun, sentAtMs: number): number => (leaseMs === null ? Infinity : sentAtMs + leaseMs);
