import type { Job } from "../../domain/job.ts";
import type { DueRun } from "../../domain/due-run.ts";
import { isExclusive } from "../../domain/overlap.ts";
import { AppError } from "../../domain/app-error.ts";
import { readDefinitionText } from "../../domain/stored-definition.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { mapReadable } from "../../runtime/map-readable.ts";
import type { ReadablePart } from "../../runtime/read-enough.ts";
import type { UpcomingQuery } from "../../ports/due-jobs.ts";
import type { Shard } from "../../domain/slot.ts";
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

/** What is of another kind than its column has no place in the packet, and goes as null. */
function putRow(writer: PacketWriter, row: JobRow, texts: string): void {
  for (let column = 0; column < texts.length; column += 1) {
    const value = row[column];
    if (texts[column] === "t") putText(writer, typeof value === "string" ? value : null);
    else putNullable(writer, typeof value === "number" ? value : null);
  }
}

function takeRow(reader: PacketReader, texts: string): JobRow {
  const row: (string | number | null)[] = [];
  for (let column = 0; column < texts.length; column += 1) {
    row.push(texts[column] === "t" ? takeTextOrNull(reader) : takeNullable(reader));
  }
  return row;
}

export function putUpcoming(writer: PacketWriter, { shard, until, after, limit }: UpcomingQuery): void {
  putNumber(writer, shard.from);
  putNumber(writer, shard.to);
  putNullable(writer, until);
  putText(writer, after === null ? null : after.uid);
  putNumber(writer, after === null ? 0 : after.nextRunAt);
  putNumber(writer, limit);
}

export const openUpcoming =
  (core: Core) =>
  (reader: PacketReader, writer: PacketWriter): void => {
    const shard = { from: takeNumber(reader), to: takeNumber(reader) };
    const until = takeNullable(reader);
    const uid = takeTextOrNull(reader);
    const nextRunAt = takeNumber(reader);
    putJobs(core, writer, core.due.page({ shard, until, after: uid === null ? null : { nextRunAt, uid }, limit: takeNumber(reader) }));
  };

function putJobs({ jobs, readJob, onUnreadable }: Core, writer: PacketWriter, keys: readonly number[]): void {
  putNumber(writer, keys.length);
  const place = writer.numbers.length;
  let count = 0;
  putNumber(writer, count);
  const idOf = (key: number): string => jobs.uids.uidOf(key);
  function map(key: number): void {
    const row = readJob(key);
    if (row === null) return;
    putRow(writer, row, JOB_TEXTS);
    count += 1;
  }
  mapReadable(keys, { kind: "job", idOf, map, onUnreadable });
  writer.numbers[place] = count;
}

export const takeJobs =
  (onUnreadable: OnUnreadable) =>
  (reader: PacketReader): ReadablePart<Job> => {
    const met = takeNumber(reader);
    const rows = takeJobRows(reader);
    return { items: mapReadable(rows, { kind: "job", idOf: (row) => String(row[1]), map: wholeJobOf, onUnreadable }), met };
  };

/** One at a time: a page of them would outlive the young generation. */
function* takeJobRows(reader: PacketReader): Generator<JobRow> {
  for (let left = takeNumber(reader); left > 0; left -= 1) yield takeRow(reader, JOB_TEXTS);
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
  readonly shard: Shard;
  readonly queue: string;
  readonly limit: number;
  readonly rescuesBelow?: number | undefined;
}

export function putPublishable(writer: PacketWriter, { shard, queue, limit, rescuesBelow = Infinity }: PublishableQuery): void {
  putNumber(writer, shard.from);
  putNumber(writer, shard.to);
  putText(writer, queue);
  putNumber(writer, limit);
  putNumber(writer, rescuesBelow);
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
       LEFT JOIN definitions ON definitions.definition_key = runs.definition_key
     WHERE runs.run_key = ?`,
  );
  select.setReturnArrays(true);
  function readRow(run: OpenRun): readonly [OpenRun, JobRow] {
    const row = select.get(run.runKey) as unknown as JobRow | undefined;
    if (row === undefined) throw new AppError("store_corrupt", `run ${run.runId}: its row is gone`);
    return [run, row];
  }
  function putRuns(writer: PacketWriter, runs: readonly OpenRun[]): void {
    const { onUnreadable } = core;
    const rows = mapReadable(runs, { kind: "run", idOf: ({ runId }) => runId, map: readRow, onUnreadable });
    putNumber(writer, runs.length);
    putNumber(writer, rows.length);
    for (const [run, row] of rows) putDueRun(writer, run, row);
  }
  return {
    publishable(reader, writer) {
      const shard = { from: takeNumber(reader), to: takeNumber(reader) };
      const queue = core.open.queues.get(takeText(reader));
      putRuns(writer, readyRuns(queue, { shard, limit: takeNumber(reader), rescuesBelow: takeNumber(reader) }));
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
  putRow(writer, row.slice(7), "ttt..t");
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

export const takeDueRuns =
  (onUnreadable: OnUnreadable) =>
  (reader: PacketReader): ReadablePart<DueRun> => {
    const met = takeNumber(reader);
    const rows: DueRunRow[] = [];
    for (let left = takeNumber(reader); left > 0; left -= 1) rows.push(takeDueRunRow(reader));
    return { items: mapReadable(rows, { kind: "run", idOf: ({ rest }) => rest.runId, map: dueRunOf, onUnreadable }), met };
  };

type DueRunRow = ReturnType<typeof takeDueRunRow>;

/** All of a run is taken before any of it is looked at: what cannot be read must not shift what comes behind it. */
const takeDueRunRow = (reader: PacketReader) => ({
  lastRun: lastRunOf(takeRow(reader, LAST_RUN_TEXTS), 0),
  tenantId: takeText(reader),
  jobUid: takeText(reader),
  jobId: takeText(reader),
  jobVersion: takeNumber(reader),
  cause: takeNumber(reader),
  definition: takeTextOrNull(reader),
  rest: {
    runId: takeText(reader),
    queue: takeText(reader),
    handler: takeText(reader),
    slot: takeNumber(reader),
    scheduledFor: takeNumber(reader),
    attempt: takeNumber(reader),
    failures: takeNumber(reader),
    rescues: takeNumber(reader),
    firstStartedAt: takeNullable(reader),
  },
});

function dueRunOf({ lastRun, tenantId, jobUid, jobId, jobVersion, cause, definition: text, rest }: DueRunRow): DueRun {
  const stored = readDefinitionText(text);
  if (stored.kind === "unreadable") throw new AppError("store_corrupt", `run ${rest.runId}: ${stored.reason}`);
  const { definition } = stored;
  return {
    tenantId,
    jobUid,
    jobId,
    jobVersion,
    cause: runCauseOf(cause),
    ...rest,
    exclusive: isExclusive(definition.overlap),
    params: definition.params,
    timeoutMs: definition.timeoutMs,
    retry: definition.retry,
    onUncertain: definition.onUncertain,
    workersMax: definition.workersMax ?? null,
    lastRun,
  };
}
