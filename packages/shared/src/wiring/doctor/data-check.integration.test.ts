import { afterEach, expect, test } from "@jest/globals";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDataFolder } from "../../adapters/sqlite/data-folder/data-folder.ts";
import { openSqliteStore } from "../../adapters/sqlite/sqlite-store.ts";
import { addJob } from "../../testing/contracts/store-steps.ts";
import { examineData } from "./data-check.ts";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((dir) => rmSync(dir, { recursive: true, force: true })));

async function setup() {
  const dir = mkdtempSync(join(tmpdir(), "tickline-doctor-"));
  folders.push(dir);
  const file = join(dir, "tickline.db");
  const store = await openSqliteStore({ file });
  for (let index = 0; index < 50; index += 1) await addJob(store, { id: `job-${index}` });
  await store.close();
  return { dir, file };
}

test("a folder that is whole is said to be, and is left as it was", async () => {
  const { dir, file } = await setup();
  const before = readFileSync(file);
  expect(examineData(dir)).toMatchObject({ kind: "ok", text: expect.stringContaining("is whole") });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("a page that is damaged is found, and a database that is gone", async () => {
  const { dir, file } = await setup();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xff, 3 * 4_096, 5 * 4_096));
  expect(examineData(dir)).toMatchObject({ kind: "fails", text: expect.stringContaining("put back a backup") });
  truncateSync(file, 0);
  expect(examineData(dir)).toMatchObject({ kind: "fails", text: expect.stringContaining("the database is gone, or empty") });
});

test("a folder that a process has, or that is none, is not looked at, and nothing is made there", async () => {
  const { dir } = await setup();
  const lock = lockDataFolder(dir);
  expect(examineData(dir)).toMatchObject({ kind: "fails", text: expect.stringContaining(`belongs to process ${process.pid}`) });
  lock.release();
  const nowhere = join(dir, "nowhere");
  expect(examineData(nowhere)).toMatchObject({ kind: "fails", text: expect.stringContaining("name the data folder with --data") });
  expect(readdirSync(dir)).not.toContain("nowhere");
});
