import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMark } from "./data-folder/log-mark.ts";
import { markFile } from "./data-folder/mark-keeper.ts";
import { openDatabase, openReader } from "./database.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { openSqliteStoreHere } from "./thread/thread-beside.test-support.ts";

let dir = "";
let file = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tickline-database-"));
  file = join(dir, "store.db");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

/** Makes the file with these statements. */
function write(sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${sql}`);
  db.close();
}

const NEWER = "CREATE TABLE t (x); PRAGMA user_version = 99";
/** It has the tables, and a run cannot be changed. */
const REFUSING = `INSERT INTO runs (run_id, job_key, definition_key, job_version, slot, queue, handler, overlap, on_uncertain, cause, scheduled_for,
    fired_at, state, standing) VALUES ('r', 1, 1, 1, 0, 'q', 'h', 'skip', 'skip', 'manual', 0, 0, 'due', 'published');
  CREATE TRIGGER refuse BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'refused'); END`;

test.each<[string, () => void, () => unknown, string]>([
  ["is no database", () => writeFileSync(file, "x".repeat(8_192)), () => openDatabase(file, { pagesMax: null }), "store_corrupt"],
  ["a newer version wrote", () => write(NEWER), () => openDatabase(file, { pagesMax: null }), "store_corrupt"],
  ["is no database, and is to be read", () => writeFileSync(file, "x".repeat(8_192)), () => openReader(file), "store_corrupt"],
  ["has none of the tables, and is to be read", () => write("CREATE TABLE t (x)"), () => openReader(file), "internal"],
])("a file that %s is not left open", (_, prepare, open, code) => {
  prepare();
  const close = jest.spyOn(DatabaseSync.prototype, "close");
  expect(open).toThrow(expect.objectContaining({ code }));
  expect(close).toHaveBeenCalledTimes(1);
});

test("nor is one whose runs cannot be prepared for the new process", async () => {
  openDatabase(file, { pagesMax: null }).close();
  write(REFUSING);
  const close = jest.spyOn(DatabaseSync.prototype, "close");
  await expect(openSqliteStoreHere({ file })).rejects.toMatchObject({ message: expect.stringContaining("refused") });
  expect(close).toHaveBeenCalledTimes(1);
});

test("nor is the thread of the store left when what people read cannot be opened", async () => {
  jest.spyOn(DatabaseSync.prototype, "exec").mockImplementation(() => {
    throw new Error("no more files");
  });
  await expect(openSqliteStore({ file })).rejects.toMatchObject({ message: expect.stringContaining("no more files") });
  expect(existsSync(`${file}-wal`)).toBe(false);
  expect(readMark(readFileSync(markFile(file), "utf8"))).toMatchObject({ state: "closed" });
});
