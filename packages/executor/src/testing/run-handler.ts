import type { JsonValue } from "@tickline/shared/domain/json/json";
import type { z } from "zod";
import { checkOutput } from "../attempt/check-output.ts";
import { checkParams } from "../attempt/check-params.ts";
import type { Handler, HandlerContext, HandlerLastRun } from "../handlers/handler.ts";

export interface RunHandlerOptions {
  /** From 1. Default 1. */
  readonly attempt?: number;
  /** The instant of the schedule. Default 2026-01-01T00:00:00Z. */
  readonly scheduledFor?: Date;
  /** The job's run before. Default: there was none. */
  readonly lastRun?: HandlerLastRun | null;
  readonly runId?: string;
  readonly jobId?: string;
  /** Abort it, with a `RunAborted`, to end the attempt as a timeout or a cancel would. Default: it is never aborted. */
  readonly signal?: AbortSignal;
}

export interface HandlerLogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface HandlerRun {
  /** As the run of a job would have it: after a round trip through JSON. */
  readonly output: JsonValue;
  readonly logs: readonly HandlerLogLine[];
  readonly progress: readonly { readonly done: number; readonly note: string | null }[];
}

/** The params of a test: a wrong member is found by the schema, not by the compiler. */
type GivenParams = Readonly<Record<string, unknown>>;

const START = new Date(Date.UTC(2026, 0, 1));

/**
 * Runs a handler once, as an executor would: the params pass its schema, and the output has to be JSON of at most 64 KiB. Rejects with what the handler
 * throws; with an error whose code is `bad_params`, `output_not_json`, `output_too_large` or `output_too_deep` where the executor would fail the run.
 */
export async function runHandler<Schema extends z.ZodType>(
  handler: Handler<Schema>,
  params: GivenParams = {},
  options: RunHandlerOptions = {},
): Promise<HandlerRun> {
  const checked = await checkParams(handler.params, params as never);
  if (checked.kind === "refused") throw toError(checked.error);
  const logs: HandlerLogLine[] = [];
  const progress: { done: number; note: string | null }[] = [];
  const write =
    (level: HandlerLogLine["level"]) =>
    (message: string, fields: Record<string, unknown> = {}): void =>
      void logs.push({ level, message, fields });
  const {
    attempt = 1,
    scheduledFor = START,
    lastRun = null,
    runId = "RUN",
    jobId = "job",
    signal = new AbortController().signal,
  } = options;
  const context: HandlerContext<z.output<Schema>> = {
    params: checked.params as z.output<Schema>,
    runId,
    jobId,
    attempt,
    scheduledFor,
    lastRun,
    fence: { scheduledFor: scheduledFor.toISOString(), attempt },
    idempotencyKey: runId,
    signal,
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    progress: (done, note) => void progress.push({ done: Math.min(1, Math.max(0, done)), note: note ?? null }),
  };
  const output = checkOutput(await handler.run(context));
  if (output.kind === "refused") throw toError(output.error);
  return { output: output.output, logs, progress };
}

const toError = ({ code, message }: { readonly code: string; readonly message: string }): Error =>
  Object.assign(new Error(message), { code });
