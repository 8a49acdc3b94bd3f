import type { Job } from "../../domain/job.ts";
import type { DueRun } from "../../domain/due-run.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import { isExclusive } from "../../domain/overlap.ts";
import { AppError } from "../../domain/app-error.ts";
import type { UpcomingQuery } from "../../ports/due-jobs.ts";
import type { SlotRange } from "../../domain/slot.ts";
import { runCauseOf } from "./codes.ts";
import type { Core } from "./core.ts";
import { type JobRow, lastRunOf, wholeJobOf } from "./job-view.ts";
import { firstStartOf, type OpenRun } from "./open-run.ts";
import { readyRuns } from "./waits.ts";
import {
  type PacketReader,
  type PacketWriter,
  putNullable,
  putNumber,
  putText,
  takeNullable,
  takeNumber,
  takeText,
  takeTextOrNull,
} from "./wire.ts";

/** Which columns of a job's row are texts; the others are numbers. Of a last run, likewise. */
const JOB_TEXTS = "ttt.......t..t.....ttt";
const LAST_RUN_TEXTS = "t.....t";

function putRow(writer: PacketWriter, row: JobRow, texts: string): void {
  for (let column = 0; column < texts.length; column += 1) {
    if (texts[column] === "t") putText(writer, row[column] as string | null);
    else putNullable(writer, row[column] as number | null);
  }
}

function takeRow(reader: PacketReader, texts: string): JobRow {
  const row: (string | number | null)[] = [];
  for (let column = 0; column < texts.length; column += 1) {
    row.push(texts[column] === "t" ? takeTextOrNull(reader) : takeNullable(reader));
  }
  return row;
}

export function putUpcoming(writer: PacketWriter, { slots, until, after, limit }: UpcomingQuery): void {
  putNumber(writer, slots.from);
  putNumber(writer, slots.to);
  putNullable(writer, until);
  putText(writer, after === null ? null : after.uid);
  putNumber(writer, after === null ? 0 : after.nextRunAt);
  putNumber(writer, limit);
}

export const openUpcoming =
  (core: Core) =>
  (reader: PacketReader, writer: PacketWriter): void => {
    const slots = { from: takeNumber(reader), to: takeNumber(reader) };
    const until = takeNullable(reader);
    const uid = takeTextOrNull(reader);
    const nextRunAt = takeNumber(reader);
    const keys = core.due.page({ slots, until, after: uid === null ? null : { nextRunAt, uid }, limit: takeNumber(reader) });
    putJobs(core, writer, keys);
  };

function putJobs(core: Core, writer: PacketWriter, keys: readonly number[]): void {
  const rows = keys.flatMap((key) => {
    const row = core.readJob(key);
    return row === null ? [] : [row];
  });
  putNumber(writer, rows.length);
  for (const row of rows) putRow(writer, row, JOB_TEXTS);
}

export function takeJobs(reader: PacketReader): Job[] {
  const jobs: Job[] = [];
  for (let left = takeNumber(reader); left > 0; left -= 1) jobs.push(wholeJobOf(takeRow(reader, JOB_TEXTS)));
  return jobs;
}

export function putTexts(writer: PacketWriter, texts: readonly string[]): void {
  putNumber(writer, texts.length);
  for (const text of texts) putText(writer, text);
}

export function takeTexts(reader: PacketReader): string[] {
  const texts: string[] = [];
  for (let left = takeNumber(reader); left > 0; left -= 1) texts.push(takeText(reader));
  return texts;
}

/** Jobs that live, by uid. */
export const openJobsByUid =
  (core: Core) =>
  (reader: PacketReader, writer: PacketWriter): void => {
    const keys = takeTexts(reader).map((uid) => core.jobs.uids.find(uid));
    putJobs(
      core,
      writer,
      keys.filter((key) => key !== 0 && (core.jobs.state[key] as number) < 3),
    );
  };

export interface PublishableQuery {
  readonly slots: SlotRange;
  readonly queue: string;
  readonly limit: number;
}

export function putPublishable(writer: PacketWriter, { slots, queue, limit }: PublishableQuery): void {
  putNumber(writer, slots.from);
  putNumber(writer, slots.to);
  putText(writer, queue);
  putNumber(writer, limit);
}

export interface DueRunCalls {
  /** The publishable runs of one queue. */
  readonly publishable: (reader: PacketReader, writer: PacketWriter) => void;
  /** The open ones among the runs of some ids. */
  readonly readRuns: (reader: PacketReader, writer: PacketWriter) => void;
}

/** Reads of runs with all that an executor needs. */
export function openDueRunCalls(core: Core): DueRunCalls {
  const select = core.db.prepare(
    `SELECT cursors.last_run_id, cursors.last_state, cursors.last_scheduled, cursors.last_started_at, cursors.last_finished_at,
       cursors.last_attempt, cursors.last_error, jobs.tenant, jobs.uid, jobs.id, runs.version, runs.cause, definitions.body
     FROM runs JOIN jobs ON jobs.job_key = runs.job_key JOIN cursors ON cursors.job_key = runs.job_key
       JOIN definitions ON definitions.definition_key = runs.definition_key
     WHERE runs.run_key = ?`,
  );
  select.setReturnArrays(true);
  function putRuns(writer: PacketWriter, runs: readonly OpenRun[]): void {
    putNumber(writer, runs.length);
    for (const run of runs) {
      const row = select.get(run.runKey) as unknown as JobRow | undefined;
      if (row === undefined) throw new AppError("store_corrupt", `run ${run.runId}: its row is gone`);
      putDueRun(writer, run, row);
    }
  }
  return {
    publishable(reader, writer) {
      const slots = { from: takeNumber(reader), to: takeNumber(reader) };
      const queue = core.open.queues.get(takeText(reader));
      putRuns(writer, readyRuns(queue, { slots, limit: takeNumber(reader) }));
    },
    readRuns(reader, writer) {
      const runIds = new Set(takeTexts(reader));
      putRuns(
        writer,
        [...runIds].flatMap((runId) => core.open.byId.get(runId) ?? []),
      );
    },
  };
}

function putDueRun(writer: PacketWriter, run: OpenRun, row: JobRow): void {
  putRow(writer, row, LAST_RUN_TEXTS);
  for (const column of [7, 8, 9, 12]) putText(writer, row[column] as string);
  putNumber(writer, row[10] as number);
  putNumber(writer, row[11] as number);
  putText(writer, run.runId);
  putText(writer, run.traits.queue);
  putText(writer, run.traits.handler);
  putNumber(writer, run.slot);
  putNumber(writer, run.scheduledFor);
  putNumber(writer, run.attempt);
  putNumber(writer, run.extra?.failures ?? 0);
  putNumber(writer, run.extra?.rescues ?? 0);
  putNullable(writer, firstStartOf(run));
}

export function takeDueRuns(reader: PacketReader): DueRun[] {
  const runs: DueRun[] = [];
  for (let left = takeNumber(reader); left > 0; left -= 1) runs.push(takeDueRun(reader));
  return runs;
}

function takeDueRun(reader: PacketReader): DueRun {
  const lastRun = lastRunOf(takeRow(reader, LAST_RUN_TEXTS), 0);
  const tenantId = takeText(reader);
  const jobUid = takeText(reader);
  const jobId = takeText(reader);
  const definition = parseDefinition(takeText(reader), jobUid);
  const jobVersion = takeNumber(reader);
  const cause = runCauseOf(takeNumber(reader));
  return {
    tenantId,
    jobUid,
    jobId,
    jobVersion,
    cause,
    runId: takeText(reader),
    queue: takeText(reader),
    handler: takeText(reader),
    slot: takeNumber(reader),
    scheduledFor: takeNumber(reader),
    attempt: takeNumber(reader),
    failures: takeNumber(reader),
    rescues: takeNumber(reader),
    firstStartedAt: takeNullable(reader),
    exclusive: isExclusive(definition.overlap),
    params: definition.params,
    timeoutMs: definition.timeoutMs,
    retry: definition.retry,
    onUncertain: definition.onUncertain,
    lastRun,
  };
}

function parseDefinition(body: string, jobUid: string): JobDefinition {
  try {
    return JSON.parse(body) as JobDefinition;
  } catch (cause) {
    throw new AppError("store_corrupt", `job ${jobUid}: its definition cannot be read`, { cause });
  }
}
