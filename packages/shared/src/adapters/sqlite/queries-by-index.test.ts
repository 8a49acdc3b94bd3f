import { expect, test } from "@jest/globals";
import type { DatabaseSync } from "node:sqlite";
import { openDatabase } from "./database.ts";
import { openPorts } from "./ports.ts";
import { openJobReads } from "./reads/job-reads.ts";
import { openRunQueries } from "./reads/run-queries.ts";
import { BEGIN_INCARNATION } from "./runs/run-leases.ts";
import { openContext } from "./thread/serve-file.ts";

/** Tables that grow with the number of jobs or runs. */
const LARGE = ["runs", "jobs", "definitions", "unannounced", "outbox", "requests"];

/** Every statement that the ports prepare, including those of lists, and those that run when a file is opened. */
function statements(): { readonly db: DatabaseSync; readonly sqls: readonly string[] } {
  const db = openDatabase(":memory:", { pagesMax: null });
  const sqls = BEGIN_INCARNATION.split(";").filter((sql) => sql.trim() !== "");
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => {
    sqls.push(sql);
    return prepare(sql);
  };
  const context = openContext(db, () => undefined);
  openPorts(context);
  const [jobs, runs] = [openJobReads(db), openRunQueries(context)];
  const page = { limit: 10, cursor: null };
  const jobFilters = [
    {},
    { state: "active" },
    { status: "failed" },
    { handler: "http" },
    { queue: "default" },
    { nameContains: "x" },
    { tags: ["x"] },
  ];
  for (const filter of jobFilters) jobs.list("default", { ...page, ...filter } as never, null);
  const runFilters = [{}, { state: "failed" }, { state: "succeeded" }, { state: "due" }, { cause: "manual" }, { cause: "schedule" }];
  for (const filter of runFilters) runs.list("default", { ...page, ...filter } as never, null);
  db.exec(
    "INSERT INTO jobs (uid, tenant_id, id, slot, version, state, fired_count, status, definition_key, name, tags, queue, handler, overlap, on_uncertain, created_at, updated_at) VALUES ('u', 'default', 'j', 0, 1, 'active', 0, 'pending', 1, 'n', '[]', 'q', 'h', 'skip', 'skip', 0, 0)",
  );
  for (const filter of [{ jobId: "j" }, { jobUid: "u", state: "due" }]) runs.list("default", { ...page, ...filter } as never, null);
  return { db, sqls: [...new Set(sqls)] };
}

/** How SQLite performs each statement. */
function plans(): readonly { readonly sql: string; readonly plan: readonly string[] }[] {
  const { db, sqls } = statements();
  return sqls.map((sql) => ({
    sql: sql.replaceAll(/\s+/g, " "),
    plan: db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((row) => String(row["detail"])),
  }));
}
const ofAny = (steps: RegExp, isMeant: (sql: string) => boolean = () => true): string[] =>
  plans()
    .filter(({ sql, plan }) => isMeant(sql) && plan.some((step) => steps.test(step)))
    .map(({ sql }) => sql);

test("no statement goes through a whole table that grows", () => {
  expect(plans().length).toBeGreaterThan(70);
  const scans = ofAny(new RegExp(`^SCAN (?:${LARGE.join("|")})\\b(?! USING INDEX runs_open)`)); // Open runs alone, when a file is opened.
  expect(scans).toEqual([expect.stringContaining("FROM outbox WHERE slot >= ? AND slot < ? ORDER BY seq")]); // The scan ends at the limit.
});

test("what is asked of open runs is not looked for in the whole history of their job", () => {
  expect(ofAny(/runs_by_job/, (sql) => sql.slice(sql.lastIndexOf("WHERE")).includes("standing"))).toEqual([]);
});

test("only the few open runs of one job are sorted", () => {
  for (const sql of ofAny(/^USE TEMP B-TREE/)) expect(sql).toMatch(/job_key = \? .*standing .*ORDER BY \+run_id/);
});

test("a page of all runs, or of all jobs, is read along its index", () => {
  const lists = (table: string) => (sql: string) =>
    sql.includes(`ORDER BY ${table === "runs" ? "run_id" : "created_at"} DESC`) && sql.includes("tenant_id");
  expect(ofAny(/^SCAN|^USE TEMP/, lists("runs"))).toEqual([]);
  expect(ofAny(/^SEARCH jobs USING INDEX jobs_by_id/, lists("runs"))).toEqual([]);
  expect(ofAny(/^SCAN jobs|^USE TEMP/, lists("jobs"))).toEqual([]);
});

test("no statement is planned anew for the value of its limit", () => {
  expect(plans().filter(({ sql }) => /LIMIT \?\d*(?!\d| \+ 0)/.test(sql))).toEqual([]);
});
