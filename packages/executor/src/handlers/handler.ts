import type { z } from "zod";
import type { RunError } from "@tickline/shared/domain/run-error";
import type { RunState } from "@tickline/shared/domain/run-state";

/** What a handler is given. `signal`, `scheduledFor`, `lastRun` and `log` are made when they are first read. */
export interface HandlerContext<Params = unknown> {
  /** As the handler's own schema returned them. */
  readonly params: Params;
  readonly runId: string;
  readonly jobId: string;
  /** From 1; it rises with every start of this run, also after its executor vanished. */
  readonly attempt: number;
  /** The instant the schedule meant, however late the run is. */
  readonly scheduledFor: Date;
  /** What became of the job's run before this one; null: there was none. */
  readonly lastRun: HandlerLastRun | null;
  /** Lets a target refuse an older attempt of the same run that still acts. */
  readonly fence: { readonly scheduledFor: string; readonly attempt: number };
  /** The same on every attempt of the run, and on no other run. */
  readonly idempotencyKey: string;
  /**
   * Aborted at timeout, cancel, shutdown and loss of the lease; its reason is a `RunAborted` that says which. Each reading looks at the
   * clock first, so that one just before an act finds out what passed while the process was stopped or busy.
   */
  readonly signal: AbortSignal;
  /** Writes to the executor's log, with the ids of the run. Never log secrets. */
  readonly log: HandlerLog;
  /** Says how far the run is, from 0 to 1. Written to the log, at most once a second. */
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
  /** What jobs name it by. */
  readonly type: string;
  readonly description: string | null;
  /** Params are checked with it before every attempt; the api checks jobs by the JSON Schema made of it. */
  readonly params: Schema;
  /** One of Tickline's own: the message of what it throws says all, and no stack is logged. */
  readonly builtIn?: true;
  // A method, because handlers of all params stand in one list.
  run(context: HandlerContext<z.output<Schema>>): unknown;
}

export interface HandlerDefinition<Schema extends z.ZodType> {
  readonly type: string;
  readonly description?: string;
  readonly params: Schema;
  readonly run: (context: HandlerContext<z.output<Schema>>) => unknown;
}

/** Defines a handler. Throws nothing: what is wrong with it is said when it is loaded, with the name of its file. */
export const defineHandler = <Schema extends z.ZodType>({ description, ...definition }: HandlerDefinition<Schema>): Handler<Schema> => ({
  ...definition,
  description: description ?? null,
});
