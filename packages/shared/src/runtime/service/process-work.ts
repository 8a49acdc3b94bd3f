import type { DueRun } from "../../domain/run/due-run.ts";
import type { AppError } from "../../domain/app-error.ts";
import type { Service } from "./service.ts";

/** An attempt whose handler is at work, as logs name it. */
export type AttemptName = Pick<DueRun, "handler" | "jobId" | "runId" | "attempt">;

/** What a process does at one moment: what the log names when it ends unexpectedly. */
export interface ProcessWork {
  /** Attempts that are claimed and have not ended. */
  readonly attempts: readonly AttemptName[];
  /** The run whose handler the code that runs at present belongs to, also when it has ended. Best effort; null: unknown. */
  readonly running: AttemptName | null;
  /** Absent: it serves none that a stop waits for. */
  readonly requests?: RequestWork;
}

/** What a service that answers requests does at one moment, and the longest that a stop gives it, in milliseconds. */
export interface RequestWork {
  /** Requests that are not answered whole. */
  readonly underWay: number;
  /** All is served so long before a stop takes nothing more. */
  readonly noticeMs: number;
  /** Answers under way get so long after that. */
  readonly answerMs: number;
}

/** A service that can also be left where it stands, because its process ends unexpectedly. */
export interface AbandonableService extends Service {
  /**
   * Takes nothing more and asks no handler to end; resolves when the results that handlers had come to before are in the
   * store. Everything else is left to its lease, or to the next start. The process ends after it: there is no way back.
   */
  abandon(): Promise<void>;
  work(): ProcessWork;
}

/**
 * Ends the process because of a fault it cannot go on with. `atOnce`: not even finished results are waited for, because
 * they cannot be written or nothing may run any longer.
 */
export type EndProcess = (fault: AppError, how?: { readonly atOnce?: boolean }) => void;

/** Of a service that calls no handlers. */
export const NO_WORK: ProcessWork = { attempts: [], running: null };
