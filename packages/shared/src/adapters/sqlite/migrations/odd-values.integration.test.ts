import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { BEGIN_INCARNATION } from "../runs/run-leases.ts";
import { migrate } from "./migrate.ts";

/** Columns of earlier versions take values of any type; what is damaged in one must not keep all the others from being opened. */
const SECOND_RELEASE = readFileSync(new URL("second-release.sql", import.meta.url), "utf8");
const RUNS = 21;
const JOBS = 8;

/** A file of the second release with these changes, brought up to date. */
function upgraded(changes: string): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  db.exec(SECOND_RELEASE);
  db.exec(changes);
  migrate(db, "store.db");
  db.exec(`BEGIN; ${BEGIN_INCARNATION} COMMIT`);
  return db;
}

const count = (db: DatabaseSync, table: string): number => Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"]);

/** Every column but the keys of rows. */
function columns(): readonly (readonly [table: string, column: string])[] {
  const db = new DatabaseSync(":memory:");
  db.exec(SECOND_RELEASE);
  const rows = db
    .prepare(
      `SELECT tables.name AS "table", columns.name AS "column" FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
       WHERE tables.type = 'table' AND columns.pk = 0`,
    )
    .all();
  db.close();
  return rows.map((row) => [String(row["table"]), String(row["column"])] as const);
}

test.each(["'x'", "'[1]'", "1.5", "9223372036854775807", "x'00'", "x'000000000000f87f'"])(
  "a file in which any column holds %s is brought up to date",
  (value) => {
    for (const [table, column] of columns()) {
      const change = `UPDATE OR IGNORE ${table} SET ${column} = ${value}`;
      try {
        upgraded(change).close();
      } catch (fault) {
        throw new Error(change, { cause: fault });
      }
    }
  },
);

test("a file whose extras of runs are JSON of any shape is brought up to date", () => {
  const shapes = [
    '{"cancelRequested":"yes"}',
    '{"cancelRequested":{}}',
    '{"count":1e300,"failures":"x"}',
    '{"reason":[1],"wakeAt":"x"}',
    '{"attempts":7,"cancel":true,"retryOf":{}}',
  ];
  for (const shape of shapes) {
    using db = upgraded(`UPDATE runs SET extra = '${shape}'`);
    expect([shape, count(db, "runs")]).toEqual([shape, RUNS]);
  }
});

test("a definition of any shape names its job by its id", () => {
  using db = upgraded(
    `UPDATE definitions SET body = '{"tags":3,"name":{}}' WHERE definition_key = 1; UPDATE definitions SET body = x'00' WHERE definition_key = 2`,
  );
  expect(count(db, "jobs")).toBe(JOBS);
});

test("of two runs with one id the later is kept", () => {
  using db = upgraded("UPDATE runs SET run_id = (SELECT run_id FROM runs WHERE run_key = 1) WHERE run_key = 21");
  expect([count(db, "runs"), count(db, "runs WHERE run_key = 21")]).toEqual([RUNS - 1, 1]);
});

test("runs whose job is gone are left out, and the others are there", () => {
  using db = upgraded("DELETE FROM cursors WHERE job_key = 1; DELETE FROM jobs WHERE job_key = 2");
  expect([count(db, "jobs"), count(db, "runs WHERE job_key IN (1, 2)")]).toEqual([JOBS - 2, 0]);
  expect(count(db, "runs")).toBe(6);
});

test("keys of definitions that were given are not given again, also where the last was not recorded", () => {
  const last = (db: DatabaseSync) => db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'definitions'").get()?.["seq"];
  for (const changes of ["", "DELETE FROM meta WHERE name = 'last_definition'"]) {
    using db = upgraded(changes);
    expect(last(db)).toBe(10);
  }
  using noted = upgraded("INSERT OR REPLACE INTO meta VALUES ('last_definition', 40)");
  expect(last(noted)).toBe(40);
});
