import type { DatabaseSync } from "node:sqlite";
import { RUN_STATE } from "./codes.ts";
import type { OpenRun, RunExtra } from "./open-run.ts";

/** A run that a fire is about to create. */
export interface NewRun {
  readonly runKey: number;
  readonly runId: string;
  readonly jobKey: number;
  readonly definitionKey: number;
  readonly traitsKey: number;
  readonly version: number;
  readonly cause: number;
  readonly scheduledFor: number;
  /** The next older run of the job. */
  readonly prev: number;
}

/** How an attempt or a run came to its end, as the row keeps it: output and error as JSON. */
export interface RunEnd {
  readonly state: number;
  readonly finishedAt: number;
  readonly output: string | null;
  readonly error: string | null;
}

/** The statements that write `runs`. */
export interface RunRows {
  insertRunning(run: NewRun, claim: { readonly ownerKey: number; readonly token: string; readonly startedAt: number }): void;
  insertDue(run: NewRun, extra: RunExtra): void;
  insertEnded(run: NewRun, end: { readonly state: number; readonly finishedAt: number; readonly extra: RunExtra }): void;
  /** The usual end of an attempt that was the run's last: nothing else of the row changes. */
  finish(run: OpenRun, end: RunEnd): void;
  /** Writes all that can have changed of a run that goes on, as `state`. */
  save(run: OpenRun, state: number): void;
  /** Notes the error of an attempt after which the run goes on. */
  fail(run: OpenRun, error: string | null): void;
  /** Writes all that can have changed of a run, and its end. */
  close(run: OpenRun, end: RunEnd): void;
  relink(runKey: number, prev: number): void;
}

const NEW_COLUMNS = "run_key, run_id, job_key, definition_key, traits_key, version, cause, scheduled_for, prev";

const textOf = (extra: RunExtra | null): string | null => (extra === null ? null : JSON.stringify(extra));

const newColumns = ({ runKey, runId, jobKey, definitionKey, traitsKey, version, cause, scheduledFor, prev }: NewRun) =>
  [runKey, runId, jobKey, definitionKey, traitsKey, version, cause, scheduledFor, prev] as const;

function openInserts(db: DatabaseSync): Pick<RunRows, "insertRunning" | "insertDue" | "insertEnded"> {
  const insert = (columns: string, values: string) =>
    db.prepare(`INSERT INTO runs (${NEW_COLUMNS}, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${values})`);
  const running = insert("owner_key, token, started_at, state, attempt", `?, ?, ?, ${RUN_STATE.running}, 1`);
  const due = insert("extra, state, attempt, parked", `?, ${RUN_STATE.due}, 1, 1`);
  const ended = insert("state, finished_at, extra, attempt", "?, ?, ?, 1");
  return {
    insertRunning: (run, { ownerKey, token, startedAt }) => void running.run(...newColumns(run), ownerKey, token, startedAt),
    insertDue: (run, extra) => void due.run(...newColumns(run), textOf(extra)),
    insertEnded: (run, { state, finishedAt, extra }) => void ended.run(...newColumns(run), state, finishedAt, textOf(extra)),
  };
}

export function openRunRows(db: DatabaseSync): RunRows {
  const finish = db.prepare("UPDATE runs SET state = ?, finished_at = ?, output = ?, error = ? WHERE run_key = ?");
  const finishParked = db.prepare("UPDATE runs SET state = ?, finished_at = ?, output = ?, error = ?, parked = 0 WHERE run_key = ?");
  const save = db.prepare(
    "UPDATE runs SET state = ?, attempt = ?, owner_key = ?, token = ?, started_at = ?, parked = ?, extra = ? WHERE run_key = ?",
  );
  const end = db.prepare("UPDATE runs SET finished_at = ?, output = ?, error = ? WHERE run_key = ?");
  const fail = db.prepare("UPDATE runs SET error = ? WHERE run_key = ?");
  const relink = db.prepare("UPDATE runs SET prev = ? WHERE run_key = ?");

  function write(run: OpenRun, state: number, parked: boolean): void {
    const { attempt, ownerKey, token, startedAt, extra, runKey } = run;
    save.run(state, attempt, ownerKey, token, startedAt, parked ? 1 : 0, textOf(extra), runKey);
  }
  return {
    ...openInserts(db),
    finish({ parked, runKey }, { state, finishedAt, output, error }) {
      (parked ? finishParked : finish).run(state, finishedAt, output, error, runKey);
    },
    save: (run, state) => write(run, state, run.parked),
    fail: (run, error) => void fail.run(error, run.runKey),
    close(run, { state, finishedAt, output, error }) {
      write(run, state, false);
      end.run(finishedAt, output, error, run.runKey);
    },
    relink: (runKey, older) => void relink.run(older, runKey),
  };
}
