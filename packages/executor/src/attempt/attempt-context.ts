import { toIso, type Instant } from "@tickline/shared/domain/time/instant";
import type { LastRun } from "@tickline/shared/domain/run/run";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { HandlerContext, HandlerLastRun, HandlerLog } from "../handlers/handler.ts";
import type { AttemptDeadlines } from "./attempt-deadlines.ts";
import { readSignal, type RunningAttempt } from "./running-attempt.ts";

/** The least time between two log lines of a run's progress. */
const PROGRESS_MS_MIN = 1_000;

export interface ContextServices {
  readonly clock: Clock;
  readonly log: Logger;
  readonly deadlines: Pick<AttemptDeadlines, "check">;
}

/**
 * What a handler receives. A class with getters, not an object with members: tens of thousands are made a second, and most handlers read two or three
 * members.
 */
export class AttemptContext implements HandlerContext {
  readonly params: unknown;
  readonly #attempt: RunningAttempt;
  readonly #services: ContextServices;
  #log: HandlerLog | null = null;
  #progressMs = -Infinity;

  constructor(attempt: RunningAttempt, params: unknown, services: ContextServices) {
    this.params = params;
    this.#attempt = attempt;
    this.#services = services;
  }
  get runId(): string {
    return this.#attempt.claim.run.runId;
  }
  get jobId(): string {
    return this.#attempt.claim.run.jobId;
  }
  get attempt(): number {
    return this.#attempt.claim.run.attempt;
  }
  get scheduledFor(): Date {
    return new Date(this.#attempt.claim.run.scheduledFor);
  }
  get lastRun(): HandlerLastRun | null {
    const { lastRun } = this.#attempt.claim.run;
    return lastRun === null ? null : toHandlerLastRun(lastRun);
  }
  get fence(): { readonly scheduledFor: string; readonly attempt: number } {
    const { scheduledFor, attempt } = this.#attempt.claim.run;
    return { scheduledFor: toIso(scheduledFor), attempt };
  }
  get idempotencyKey(): string {
    return this.#attempt.claim.run.runId;
  }
  get signal(): AbortSignal {
    this.#services.deadlines.check(this.#attempt);
    return readSignal(this.#attempt);
  }
  get log(): HandlerLog {
    return (this.#log ??= createHandlerLog(this.#services.log, this.#attempt));
  }
  // A property, so that `({ progress }) => …` keeps its `this`.
  get progress(): HandlerContext["progress"] {
    return (done, note) => {
      const nowMs = this.#services.clock.monotonicMs();
      if (nowMs - this.#progressMs < PROGRESS_MS_MIN) return;
      this.#progressMs = nowMs;
      this.log.info(note ?? "progress", { progress: Math.min(1, Math.max(0, done)) });
    };
  }
}

function createHandlerLog(log: Logger, { claim: { run } }: RunningAttempt): HandlerLog {
  const child = log.child({ handler: run.handler, jobId: run.jobId, runId: run.runId, attempt: run.attempt });
  return {
    info: (message, fields) => child.info(fields ?? {}, message),
    warn: (message, fields) => child.warn(fields ?? {}, message),
    error: (message, fields) => child.error(fields ?? {}, message),
  };
}

const toDate = (instant: Instant | null): Date | null => (instant === null ? null : new Date(instant));

const toHandlerLastRun = ({ runId, state, scheduledFor, startedAt, finishedAt, attempt, error }: LastRun): HandlerLastRun => ({
  runId,
  state,
  scheduledFor: new Date(scheduledFor),
  startedAt: toDate(startedAt),
  finishedAt: toDate(finishedAt),
  attempt,
  error,
});
