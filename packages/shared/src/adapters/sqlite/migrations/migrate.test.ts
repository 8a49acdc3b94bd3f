import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLoss } from "../data-folder/check-loss.ts";
import { keepMark, markFile } from "../data-folder/mark-keeper.ts";
import { openDatabase } from "../database.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import { migrate, SCHEMA_VERSION } from "./migrate.ts";

const SECOND_RELEASE = readFileSync(new URL("second-release.sql", import.meta.url), "utf8");

let dir = "";
let file = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tickline-migrate-"));
  file = join(dir, "store.db");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

/** A file of the second release, with these changes, as that release closed it. */
function writeSecondRelease(changes = ""): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${SECOND_RELEASE}; ${changes}`);
  const mark = keepMark(db, { file, clock: manualClock(0) });
  mark.close();
  db.close();
  mark.seal();
}

/** The files as they are at this moment. */
function copyFiles(from: string, to: string): void {
  for (const end of ["", "-wal"]) copyFileSync(from + end, to + end);
  copyFileSync(markFile(from), markFile(to));
}

const readVersion = (db: DatabaseSync): unknown => db.prepare("PRAGMA user_version").get()?.["user_version"];

test("a step that another process takes meanwhile is not taken twice", () => {
  writeSecondRelease();
  using db = new DatabaseSync(file);
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    db.exec = exec;
    using other = new DatabaseSync(file);
    migrate(other, file);
    exec(sql);
  };
  migrate(db, file);
  expect([readVersion(db), db.prepare("SELECT count(*) AS runs FROM runs").get()]).toEqual([SCHEMA_VERSION, { runs: 21 }]);
});

test.each([
  ["what is in it", "CREATE TABLE old_jobs (x)", "", "store_corrupt", "start a version that knows schema 2"],
  ["the disk, which is full", "", "PRAGMA max_page_count = 30", "store_unavailable", "make room"],
])(
  "where a step fails by %s the file stays as it was, and the error says which step, why, and what to do",
  (_, changes, limit, code, advice) => {
    writeSecondRelease(changes);
    using db = new DatabaseSync(file);
    db.exec(limit);
    const before = db.prepare("SELECT * FROM sqlite_schema").all();
    expect(() => migrate(db, file)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(new RegExp(`^upgrade ${file} from schema 2 to 3 \\(it is as it was\\): .+: .*${advice}`)),
      }),
    );
    expect([db.isTransaction, readVersion(db), db.prepare("SELECT * FROM sqlite_schema").all()]).toEqual([false, 2, before]);
  },
);

test("a process that is killed while it brings a file up to date leaves one that is taken for whole; it sorts on disk", () => {
  writeSecondRelease();
  const left = join(dir, "left.db");
  let tempStore: unknown;
  const { exec } = DatabaseSync.prototype;
  jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === "VACUUM") {
      tempStore = this.prepare("PRAGMA temp_store").get()?.["temp_store"];
      exec.call(this, "PRAGMA wal_checkpoint"); // As happens meanwhile where there is more to copy.
      copyFiles(file, left);
    }
    exec.call(this, sql);
  });
  openDatabase(file, { pagesMax: null }).close();
  const doubts: string[] = [];
  checkLoss(left, { accepted: false, tell: () => undefined, doubt: (why) => doubts.push(why) });
  expect([doubts, tempStore]).toEqual([[], 0]);
  using again = openDatabase(left, { pagesMax: null });
  expect(readVersion(again)).toBe(SCHEMA_VERSION);
});

test("nor does one take the log for lost that a process left, once a version that could not open the file has closed it", () => {
  writeSecondRelease();
  const db = openDatabase(file, { pagesMax: null });
  const mark = keepMark(db, { file, clock: manualClock(0) });
  db.exec("PRAGMA user_version = 99");
  const left = join(dir, "left.db");
  copyFiles(file, left);
  mark.close();
  db.close();
  mark.seal();
  const opened = jest.spyOn(DatabaseSync.prototype, "exec");
  expect(() => openDatabase(left, { pagesMax: null })).toThrow("newer");
  for (const each of opened.mock.contexts as DatabaseSync[]) if (each.isOpen) each.close(); // As the end of its process does.
  checkLoss(left, { accepted: false, tell: () => undefined, doubt: () => undefined });
});
