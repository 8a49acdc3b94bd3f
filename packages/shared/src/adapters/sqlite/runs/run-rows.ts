import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { readStoredPriority } from "../../../domain/queue/priority.ts";
import { RunIdentitySchema, type RunIdentity } from "../../../domain/run/run.ts";
import { toEndedRun, type RunRecord } from "../../../domain/run/run-record.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import { readOutput } from "../../../domain/run/stored-run.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import { toColumnName, query, selected, toJson } from "../rows.ts";

/** Fields of a run's identity that are in its job's row; the others are in its own row. */
const OF_JOB = ["tenantId", "jobUid", "jobId"] as const satisfies readonly (keyof RunIdentity)[];
type IdentityField = Exclude<keyof RunIdentity, (typeof OF_JOB)[number]>;
export const IDENTITY_FIELDS = Object.keys(RunIdentitySchema.shape).filter(
  (field) => !(OF_JOB as readonly string[]).includes(field),
) as IdentityField[];
export const NAMES_OF_JOB = "jobs.tenant_id AS tenantId, jobs.uid AS jobUid, jobs.id AS jobId";

/** The other fields of a run that never change. */
const FIXED = [
  "slot",
  "overlap",
  "onUncertain",
  "count",
  "scheduledForLast",
  "retryOf",
  "firedAt",
] as const satisfies readonly (keyof RunRecord)[];

/** The fields of an open run that change, each a column; `cancel`, `pastAttempts` and `error` are JSON. */
const CHANGING = [
  ...(["state", "standing", "reason", "attempt", "failures", "rescues", "token", "executor", "leaseMs", "leaseEndsAt"] as const),
  ...(["startedAt", "firstStartedAt", "finishedAt", "settledAt", "dueAt", "expiresAt", "wakeAt", "repeatMs", "waitMs"] as const),
  ...(["asideAt", "cancelRequested", "cancel", "pastAttempts", "error"] as const),
] as const satisfies readonly (keyof RunRecord)[];

const OWN = [...FIXED, ...CHANGING] as const;

/** The start values of counts that cannot be read. Other fields may be null. */
const COUNTED: Readonly<Partial<Record<(typeof OWN)[number], number>>> = { count: 1, attempt: 1, failures: 0, rescues: 0, asideAt: 0 };

type JsonField = "cancel" | "pastAttempts" | "error" | "output";

/** A run as a query returns it, with the names of its job. */
export type RunRow = Omit<RunRecord, JsonField | "cancelRequested"> &
  Readonly<Record<JsonField, string | null>> & {
    readonly cancelRequested: number;
  } & RunKeys;

/** The keys of a run, its job and its definition. */
interface RunKeys {
  readonly runKey: number;
  readonly jobKey: number;
  readonly definitionKey: number;
}

/** A run while it is changed. */
export interface StoredRun extends RunRecord, RunKeys {}

const COLUMNS = `${selected("runs", [...IDENTITY_FIELDS, ...OWN, "runKey", "jobKey", "definitionKey"])}, ${NAMES_OF_JOB}`;

/** This version knows its state, and the state is open. Runs in a state that only another version knows are left to that version. */
export const IS_OPEN = "runs.state IN ('due', 'running', 'retrying')";

/** Runs first, each with its job: otherwise SQLite may read all jobs of a tenant to find the runs of a page. */
const FROM_RUNS = "FROM runs CROSS JOIN jobs USING (job_key)";
export const SELECT_RUNS = `SELECT ${COLUMNS}, NULL AS output ${FROM_RUNS}`;
export const SELECT_LEASES = `SELECT ${COLUMNS}, NULL AS output, runs.lease_by_time AS leaseByTime ${FROM_RUNS}`;
export const SELECT_RUNS_WITH_OUTPUT = `SELECT ${COLUMNS}, runs.output ${FROM_RUNS}`;

/** Damaged parts of a row are left out: a run with a damaged history is still a run. Its error says so. The row object is reused as the run: it has no other user. */
export function toStoredRun(row: RunRow): StoredRun {
  const [cancel, attempts, error] = [readOutput(row.cancel), readOutput(row.pastAttempts), readOutput(row.error)];
  const output = readOutput(row.output);
  const torn = cancel.broken || attempts.broken || error.broken || output.broken;
  for (const field of OWN) if (Number.isNaN(row[field])) Object.assign(row, { [field]: COUNTED[field] ?? null });
  return Object.assign(row as object, {
    priority: readStoredPriority(row.priority),
    cancelRequested: row.cancelRequested === 1,
    cancel: cancel.output,
    pastAttempts: Array.isArray(attempts.output) ? attempts.output : [],
    output: output.output,
    error: torn && error.output === null ? {} : error.output, // It is read as an error that says what is wrong.
  }) as unknown as StoredRun;
}

/** The runs of a store, one at a time. */
export interface RunRows {
  find(runId: string): StoredRun | null;
  /** Writes the changes of an open run. From now on, a run that has ended has to be announced. */
  save(run: StoredRun): void;
  /** The runs as they are announced. An unreadable run has ended too, but is left out. */
  toEnded(runs: readonly RunRecord[]): EndedRun[];
}

export function openRunRows(db: DatabaseSync, onUnreadable: OnUnreadable): RunRows {
  const select = query<RunRow>(db, `${SELECT_RUNS_WITH_OUTPUT} WHERE run_id = ?`);
  const assignments = CHANGING.map((field) => `${toColumnName(field)} = ?`).join(", ");
  const update = db.prepare(`UPDATE runs SET ${assignments} WHERE run_key = ?`);
  const end = db.prepare(`UPDATE runs SET ${assignments}, output = ? WHERE run_key = ?`);
  const announce = db.prepare("INSERT OR IGNORE INTO unannounced (settled_at, run_id) VALUES (?, ?)");
  return {
    find(runId) {
      const row = select.get(runId);
      return row === undefined ? null : toStoredRun(row);
    },
    save(run) {
      const values = CHANGING.map((field) => toColumn(run[field]));
      if (run.settledAt === null) {
        update.run(...values, run.runKey);
        return;
      }
      end.run(...values, toJson(run.output), run.runKey);
      announce.run(run.settledAt, run.runId);
    },
    toEnded: (runs) => mapReadable(runs, { kind: "run", idOf: ({ runId }) => runId, map: toEndedRun, onUnreadable }),
  };
}

function toColumn(value: RunRecord[(typeof CHANGING)[number]]): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "object" || value === null) return value;
  return Array.isArray(value) && value.length === 0 ? null : JSON.stringify(value);
}
