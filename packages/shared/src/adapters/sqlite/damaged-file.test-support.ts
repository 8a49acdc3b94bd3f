import { DatabaseSync } from "node:sqlite";
import type { Harm } from "../../testing/contracts/store-subject.ts";

const JOB = "(SELECT job_key FROM jobs WHERE uid = ?1)";
const DEFINITION = `definition_key = (SELECT definition_key FROM cursors WHERE job_key = ${JOB})`;

const SQL: Readonly<Record<Exclude<Harm["what"], "torn pending">, string>> = {
  "no definition": `DELETE FROM definitions WHERE ${DEFINITION}`,
  "torn definition": `UPDATE definitions SET body = substr(body, 1, 20) WHERE ${DEFINITION}`,
  "torn misfires": `UPDATE cursors SET misfires = '{"first":' WHERE job_key = ${JOB}`,
  "torn last run": `UPDATE cursors SET last_run_id = 'r', last_error = '{' WHERE job_key = ${JOB}`,
  "torn slot": `UPDATE jobs SET slot = 'torn' WHERE job_key = ${JOB}`,
  "torn age": `UPDATE jobs SET created_at = 'torn' WHERE job_key = ${JOB}`,
  "unknown job state": `UPDATE cursors SET state = -1 WHERE job_key = ${JOB}`,
  "torn output": "UPDATE runs SET output = '{' WHERE run_id = ?1",
  "torn history": "UPDATE runs SET extra = '{\"wakeAt\":' WHERE run_id = ?1",
  "unknown run state": "UPDATE runs SET state = 99 WHERE run_id = ?1",
  "torn attempt": "UPDATE runs SET attempt = 'torn' WHERE run_id = ?1",
  "torn wait": "UPDATE runs SET extra = json_set(coalesce(extra, '{}'), '$.wakeAt', 'torn') WHERE run_id = ?1",
  "torn counts": "UPDATE runs SET extra = json_set(coalesce(extra, '{}'), '$.failures', 'torn') WHERE run_id = ?1",
  "torn names": "UPDATE runs SET definition_key = 'torn' WHERE run_id = ?1",
  "torn event": "UPDATE outbox SET event = '{' WHERE event LIKE '%' || ?1 || '%'",
  "torn handler": "UPDATE handlers SET description = '{' WHERE type = ?1",
};

/** Changes the file behind the back of its store. */
export function damageFile(file: string, { what, of }: Harm): boolean {
  if (what === "torn pending") return false; // A fire and its runs are one transaction.
  const db = new DatabaseSync(file);
  db.prepare(SQL[what]).run(of);
  db.close();
  return true;
}
