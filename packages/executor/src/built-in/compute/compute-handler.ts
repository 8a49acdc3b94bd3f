import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { defineHandler, type Handler, type HandlerContext } from "../../handlers/handler.ts";
import { createSlots, type Slots } from "../slots.ts";
import { FileFault } from "../files/file-fault.ts";
import type { FilesFolder } from "../files/files-folder.ts";
import { ComputeParamsSchema, formatOf, type ComputeParams, type Format, type Source } from "./compute-params.ts";
import type { ComputeTask } from "./compute-rows.ts";
import type { OpenedSource } from "./read-source.ts";
import { runInThread } from "./run-in-thread.ts";
import { BATCH_MS_MAX } from "./sandbox.ts";
import type { Result, Target } from "./write-result.ts";

export interface ComputeHandlerDeps {
  readonly files: FilesFolder;
}

export interface ComputeHandlerLimits {
  /** Threads that compute at once; further attempts wait, within the timeout of their job. */
  readonly threadsMax: number;
  /** Memory of each thread, in MiB. */
  readonly memoryMb: number;
  /** Time of the expressions for one batch of rows, in milliseconds. Default 10,000. */
  readonly batchMsMax?: number;
}

/** The built-in handler `compute`: rows in, steps over them, rows out; in a worker thread. */
export function createComputeHandler({ files }: ComputeHandlerDeps, limits: ComputeHandlerLimits): Handler<typeof ComputeParamsSchema> {
  const slots = createSlots(limits.threadsMax);
  return {
    ...defineHandler({
      type: "compute",
      description: "Computes over rows: filter, map, group, join, sort; by declared steps and by expressions.",
      params: ComputeParamsSchema,
      run: (context) => compute(context, { files, slots, limits }),
    }),
    builtIn: true,
  };
}

interface Computing {
  readonly files: FilesFolder;
  readonly slots: Slots;
  readonly limits: ComputeHandlerLimits;
}

const compute = (context: HandlerContext<ComputeParams>, { files, slots, limits }: Computing): Promise<Result> =>
  slots.run(context.signal, async () => {
    const { signal } = context;
    const task = await openTask(context, { files, batchMsMax: limits.batchMsMax ?? BATCH_MS_MAX });
    try {
      return await runInThread(task, { signal, memoryMb: limits.memoryMb });
    } finally {
      if (task.to !== null) await rm(task.to.partPath, { force: true }); // It is gone after a success.
    }
  });

interface Opening {
  readonly files: FilesFolder;
  readonly batchMsMax: number;
}

async function openTask({ params, idempotencyKey }: HandlerContext<ComputeParams>, { files, batchMsMax }: Opening): Promise<ComputeTask> {
  const digest = createHash("sha256").update(idempotencyKey).digest();
  const sources: Record<string, OpenedSource> = {};
  for (const [name, source] of Object.entries(params.sources)) sources[name] = await openSource(source, files);
  return {
    from: await openSource(params.from, files),
    sources,
    steps: params.steps,
    to: params.to === undefined ? null : await openTarget(params.to, { files, tag: digest.toString("hex", 0, 8) }),
    seed: digest.readUInt32LE(8),
    batchMsMax,
  };
}

async function openSource(source: Source, files: FilesFolder): Promise<OpenedSource> {
  if (!("file" in source)) return source;
  const { file, text } = source;
  return { file, text, format: toFormat(source), path: (await files.locate(file)).path };
}

/** The name of the part is the same on every attempt, so that one that was killed leaves at most one, and the next replaces it. */
async function openTarget(
  to: NonNullable<ComputeParams["to"]>,
  { files, tag }: { readonly files: FilesFolder; readonly tag: string },
): Promise<Target> {
  const format = toFormat(to);
  const path = await files.reserve(to.file);
  return { file: to.file, path, partPath: join(dirname(path), `.${basename(path)}.${tag}.part`), format };
}

function toFormat(file: { readonly file: string; readonly format?: Format | undefined }): Format {
  const format = formatOf(file);
  if (format === null) throw new FileFault("bad_path", `"${file.file}" ends in none of .csv, .json, .ndjson, .jsonl; say its "format"`);
  return format;
}
