import { evaluate } from "../../../domain/evaluation.ts";
import type { Job, JobState } from "../../../domain/job.ts";
import { type KnownOfDefinition, NO_DEFINITION, readDefinitionText, type StoredDefinition } from "../../../domain/stored-definition.ts";
import { checkedJob, usableDefinition } from "../../../domain/stored-job.ts";
import { selected } from "../rows.ts";

const FIELDS = [
  ...(["tenantId", "uid", "id", "slot", "version", "state", "nextRunAt", "lastScheduledFor", "firedCount", "misfires", "status"] as const),
  ...(["lastRun", "createdAt", "updatedAt", "name", "queue", "handler", "tags"] as const),
] as const;

/** A job as a query returns it. `misfires`, `lastRun`, `tags` and `definition` are JSON; `definitionHash` null: its definition is gone. */
export type JobRow = Pick<
  Job,
  "tenantId" | "uid" | "id" | "slot" | "version" | "nextRunAt" | "lastScheduledFor" | "firedCount" | "status" | "createdAt" | "updatedAt"
> &
  Readonly<Record<"state" | "name" | "queue" | "handler" | "tags", string>> &
  Readonly<Record<"misfires" | "lastRun" | "definitionHash" | "definition", string | null>>;

const COLUMNS = `${selected("jobs", FIELDS)}, definitions.hash AS definitionHash`;
const FROM = "FROM jobs LEFT JOIN definitions USING (definition_key)";
export const SELECT_JOBS = `SELECT ${COLUMNS}, body AS definition ${FROM}`;

/** Longer definitions are read without their params, where nobody asks for those. Characters. */
const BODY_LENGTH_MAX = 2_048;
/** What is not as it should be is read as it is: then it says so itself. */
const IS_LONG = `length(body) > ${BODY_LENGTH_MAX} AND json_valid(body) AND json_type(body, '$.params') = 'object'`;
export const SELECT_JOBS_WITHOUT_PARAMS = `SELECT ${COLUMNS}, iif(${IS_LONG}, json_set(body, '$.params', json('{}')), body) AS definition ${FROM}`;

/** Jobs that are there for people: neither tombstones nor what is left of them. */
export const IS_SEEN = "jobs.state NOT IN ('deleted', 'forgotten')";

/** Throws `store_corrupt` where nobody could write the job back; of what else cannot be read the job says so itself. Field by field: a spread takes as long as the rest. */
export function toJob(row: JobRow): Job {
  const stored = row.definition === null ? NO_DEFINITION : readDefinition(row.definition);
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
    definitionHash: row.definitionHash ?? "",
    definition: usableDefinition(stored, () => toKnown(row)),
  };
  return checkedJob(job, stored);
}

const toKnown = ({ name, queue, handler, tags }: JobRow): KnownOfDefinition => ({
  name,
  queue,
  handler,
  tags: readJson(tags) as KnownOfDefinition["tags"] & object,
});

/** Definitions kept parsed, and the longest of them in characters: some 8 MB at most. Most reads are of the same few jobs, or of all in turn. */
const KEPT_MAX = 2_000;
const KEPT_LENGTH_MAX = 2_048;
const kept = new Map<string, StoredDefinition>();

function readDefinition(text: string): StoredDefinition {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const stored = readDefinitionText(text);
  if (text.length > KEPT_LENGTH_MAX) return stored;
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(text, stored);
  return stored;
}

/** What cannot be read is undefined, which `checkedJob` finds. */
function readJson(text: string | null): unknown {
  if (text === null) return null;
  const read = evaluate(() => JSON.parse(text) as unknown);
  return read.kind === "evaluated" ? read.value : undefined;
}
