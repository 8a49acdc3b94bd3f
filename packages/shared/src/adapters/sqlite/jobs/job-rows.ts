import type { DatabaseSync } from "node:sqlite";
import { evaluate } from "../../../domain/evaluation.ts";
import type { Job, JobState } from "../../../domain/job/job.ts";
import { type KnownOfDefinition, NO_DEFINITION, readDefinitionText, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { checkedJob, usableDefinition } from "../../../domain/job/stored-job.ts";
import { query, selected } from "../rows.ts";

const FIELDS = [
  ...(["tenantId", "uid", "id", "slot", "version", "state", "nextRunAt", "lastScheduledFor", "firedCount", "misfires", "status"] as const),
  ...(["lastRun", "createdAt", "updatedAt", "definitionKey"] as const),
] as const;

/** A job as a query returns it, without its definition. `misfires` and `lastRun` are JSON. */
export type JobRow = Pick<
  Job,
  "tenantId" | "uid" | "id" | "slot" | "version" | "nextRunAt" | "lastScheduledFor" | "firedCount" | "status" | "createdAt" | "updatedAt"
> & { readonly definitionKey: number; readonly state: string } & Readonly<Record<"misfires" | "lastRun", string | null>>;

/** The definition of a job, and the fields that the job repeats. `body` and `tags` are JSON; `hash` and `body` null: its row is missing. */
export type DefinitionRow = Readonly<Record<"name" | "queue" | "handler" | "tags", string>> &
  Readonly<Record<"hash" | "body", string | null>>;

/** A job with its definition. */
export type DefinedJobRow = JobRow & DefinitionRow;

const COLUMNS = selected("jobs", FIELDS);
const REPEATED = selected("jobs", ["name", "queue", "handler", "tags"]);
export const SELECT_BARE_JOBS = `SELECT ${COLUMNS} FROM jobs`;
export const SELECT_JOBS = `SELECT ${COLUMNS}, ${REPEATED}, hash, body FROM jobs LEFT JOIN definitions USING (definition_key)`;

/** Jobs that users can see: neither tombstones nor their remains. */
export const IS_SEEN = "jobs.state NOT IN ('deleted', 'forgotten')";

/** A stored definition. `known`: fields known from elsewhere, if it cannot be read. */
export interface Defined {
  readonly hash: string;
  readonly stored: StoredDefinition;
  readonly known: KnownOfDefinition;
}

export function toDefined({ hash, body, name, queue, handler, tags }: DefinitionRow): Defined {
  const stored = body === null ? NO_DEFINITION : readDefinitionText(body);
  const known = { name, queue, handler, ...(stored.kind === "unreadable" && { tags: readJson(tags) as string[] }) };
  return { hash: hash ?? "", stored, known };
}

/** Throws `store_corrupt` when the job could not be written back; other unreadable parts are named in the job. Field by field: a spread would take as long as all else. */
export function toJob(row: JobRow, { hash, stored, known }: Defined): Job {
  const job: Job = {
    tenantId: row.tenantId,
    uid: row.uid,
    id: row.id,
    slot: row.slot,
    version: row.version,
    state: row.state as JobState,
    nextRunAt: row.nextRunAt,
    lastScheduledFor: row.lastScheduledFor,
    firedCount: row.firedCount,
    misfires: readJson(row.misfires) as Job["misfires"],
    status: row.status,
    lastRun: readJson(row.lastRun) as Job["lastRun"],
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    definitionHash: hash,
    definition: usableDefinition(stored, () => known),
  };
  return checkedJob(job, stored);
}

export const toDefinedJob = (row: DefinedJobRow): Job => toJob(row, toDefined(row));

/** Number of parsed definitions that are kept, and the longest of them in characters: some 8 MB at most. Most reads are of the same few jobs, or of all jobs in order. */
const KEPT_MAX = 2_000;
const KEPT_LENGTH_MAX = 2_048;
/** A body that is not valid JSON is read unchanged, and the later check reports it. */
const IS_LONG = `length(body) > ${KEPT_LENGTH_MAX} AND json_valid(body) AND json_type(body, '$.params') = 'object'`;

/** Definitions of jobs for readers. */
export interface ReadDefinitions {
  /** `params` false: a long definition may be returned without them. */
  of(row: JobRow, params: boolean): Defined;
}

/** Of a job that was removed since its row was read. */
const GONE: DefinitionRow = { name: "", queue: "", handler: "", tags: "[]", hash: null, body: null };

/** Caches definitions that are short and readable: the definition under a key never changes, and an unreadable one may be repaired. */
export function openReadDefinitions(db: DatabaseSync): ReadDefinitions {
  const select = (body: string) =>
    query<DefinitionRow & { readonly length: number | null }>(
      db,
      `SELECT ${REPEATED}, hash, ${body} AS body, length(body) AS length FROM jobs LEFT JOIN definitions ON definitions.definition_key = ? WHERE uid = ?`,
    );
  const whole = select("body");
  const withoutParams = select(`iif(${IS_LONG}, json_set(body, '$.params', json('{}')), body)`);
  const kept = new Map<number, Defined>();
  return {
    of({ definitionKey, uid }, params) {
      const known = kept.get(definitionKey);
      if (known !== undefined) return known;
      const row = (params ? whole : withoutParams).get(definitionKey, uid) ?? { ...GONE, length: null };
      const defined = toDefined(row);
      if (defined.stored.kind === "unreadable" || row.length === null || row.length > KEPT_LENGTH_MAX) return defined;
      if (kept.size >= KEPT_MAX) kept.clear();
      kept.set(definitionKey, defined);
      return defined;
    },
  };
}

/** An unreadable value becomes undefined, which `checkedJob` detects. */
function readJson(text: string | null): unknown {
  if (text === null) return null;
  const read = evaluate(() => JSON.parse(text) as unknown);
  return read.kind === "evaluated" ? read.value : undefined;
}
