import { DatabaseSync } from "node:sqlite";
import type { Harm } from "../../testing/contracts/store-subject.ts";

const DEFINITION = "definition_key = (SELECT definition_key FROM jobs WHERE uid = ?1)";

/** Columns of numbers accept only numbers, but a flipped bit can make one that is too large for JavaScript. */
const HUGE = 2 ** 60;

const SQL: Readonly<Partial<Record<Harm["what"], string>>> = {
  "no definition": `DELETE FROM definitions WHERE ${DEFINITION}`,
  "torn definition": `UPDATE definitions SET body = substr(body, 1, 20) WHERE ${DEFINITION}`,
  "torn misfires": "UPDATE jobs SET misfires = '{\"first\":' WHERE uid = ?1",
  "torn last run": "UPDATE jobs SET last_run = '{' WHERE uid = ?1",
  "torn slot": `UPDATE jobs SET slot = ${HUGE} WHERE uid = ?1`,
  "torn age": `UPDATE jobs SET created_at = ${HUGE} WHERE uid = ?1`,
  "unknown job state": "UPDATE jobs SET state = 'dreaming' WHERE uid = ?1",
  "torn output": "UPDATE runs SET output = '{' WHERE run_id = ?1",
  "torn history": "UPDATE runs SET past_attempts = '[{' WHERE run_id = ?1",
  "unknown run state": "UPDATE runs SET state = 'dreaming' WHERE run_id = ?1",
  "unknown cause": "UPDATE runs SET cause = 'dreaming' WHERE run_id = ?1",
  "torn attempt": `UPDATE runs SET attempt = ${HUGE} WHERE run_id = ?1`,
  "torn wait": `UPDATE runs SET wake_at = ${HUGE} WHERE run_id = ?1`,
  "torn counts": `UPDATE runs SET count = ${HUGE}, failures = ${HUGE}, rescues = ${HUGE} WHERE run_id = ?1`,
  "torn names": "UPDATE runs SET definition_key = -1 WHERE run_id = ?1",
  "torn event": "UPDATE outbox SET event = '{' WHERE job_uid = ?1",
  "torn handler": "UPDATE handlers SET description = '{' WHERE type = ?1",
};

/** Changes the file without its store. */
export function damageFile(file: string, { what, of }: Harm): boolean {
  const sql = SQL[what];
  if (sql === undefined) return false;
  const db = new DatabaseSync(file);
  db.prepare(sql).run(of);
  db.close();
  return true;
}
