import type { z } from "zod";
import type { RunError } from "@tickline/shared/domain/run/run-error";
import type { RunState } from "@tickline/shared/domain/run/run-state";

/** What a handler is given. `signal`, `scheduledFor`, `lastRun` and `log` are made when they are first read. */
export interface HandlerContext<Params = unknown> {
  /** As the handler's own schema returned them. */
  readonly params: Params;
  readonly runId: string;
  readonly jobId: string;
  /** From 1; it rises with every start of this run, also when its executor crashed. */
  readonly attempt: number;
  /** The instant of the schedule, however late the run is. */
  readonly scheduledFor: Date;
  /** The job's run before this one; null: there was none. */
  readonly lastRun: HandlerLastRun | null;
  /** Lets a target refuse an older attempt of the same run that is still active. */
  readonly fence: { readonly scheduledFor: string; readonly attempt: number };
  /** The same on every attempt of the run, and on no other run. */
  readonly idempotencyKey: string;
  /**
   * Aborted at timeout, cancel, shutdown and loss of the lease; its reason is a `RunAborted` with that cause. Each read of it checks the deadlines
   * first, so a read just before an act also detects a deadline that passed while the process was suspended or busy.
   */
  readonly signal: AbortSignal;
  /** Writes to the executor's log, with the ids of the run. Never log secrets. */
  readonly log: HandlerLog;
  /** Reports the progress of the run, from 0 to 1. It is logged, at most once a second. */
  progress(done: number, note?: string): void;
}

export interface HandlerLastRun {
  readonly runId: string;
  readonly state: RunState;
  readonly scheduledFor: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly attempt: number;
  readonly error: RunError | null;
}

export interface HandlerLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The code behind a job type. What `run` returns is the output (JSON, 64 KiB at most); what it throws is the error. */
export interface Handler<Schema extends z.ZodType = z.ZodType> {
  /** The name that jobs use. */
  readonly type: string;
  readonly description: string | null;
  /** Params are checked with it before every attempt; the api checks jobs by the JSON Schema made of it. */
  readonly params: Schema;
  /** One of Tickline's own: the messages of its errors are complete, and no stack is logged. */
  readonly builtIn?: true;
  // A method, because one list holds handlers of different params.
  run(context: HandlerContext<z.output<Schema>>): unknown;
}

export interface HandlerDefinition<Schema extends z.ZodType> {
  readonly type: string;
  readonly description?: string;
  readonly params: Schema;
  readonly run: (context: HandlerContext<z.output<Schema>>) => unknown;
}

/** Defines a handler. Throws nothing: faults are reported when it is loaded, with the name of its file. */
export const defineHandler = <Schema extends z.ZodType>({ description, ...definition }: HandlerDefinition<Schema>): Handler<Schema> => ({
  ...definition,
  description: description ?? null,
});

/**
 * Thrown by a handler to end its run at once, whatever the job's retry policy says.
 * @public
 */
export class NonRetryable extends Error {
  override readonly name = "NonRetryable";
  /** Read instead of the class, which user code may have loaded from another place. */
  readonly retryable = false;
  /** Becomes `run.error.code`. Default `non_retryable`. */
  readonly code: string;

  constructor(message: string, options: { readonly code?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? "non_retryable";
  }
}
