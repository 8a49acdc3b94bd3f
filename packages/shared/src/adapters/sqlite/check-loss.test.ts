import { expect, test } from "@jest/globals";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { addJob } from "../../testing/contracts/store-steps.ts";
import { checkLoss } from "./check-loss.ts";
import { readLogHead, wholeFrames } from "./log-frames.ts";
import { readMark } from "./log-mark.ts";
import { markFile } from "./mark-keeper.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { storeFolder } from "./store-folder.test-support.ts";

const JOBS = 40;
/** Resolves when the mark says all that is in the log. */
async function marked(file: string): Promise<void> {
  for (;;) {
    const log = readFileSync(`${file}-wal`);
    const head = readLogHead(log);
    const mark = readMark(readFileSync(markFile(file), "utf8"));
    if (head !== null && mark?.frames === wholeFrames(log, head, Number.MAX_SAFE_INTEGER)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const check = (file: string): void => checkLoss(file, { accepted: false, tell: () => undefined });

/** The files as a process that was killed leaves them, after jobs were acknowledged. */
async function killed() {
  const folder = storeFolder();
  const store = await folder.open();
  for (let index = 0; index < JOBS; index += 1) await addJob(store, { id: `job-${index}` });
  await marked(folder.file);
  const dir = join(dirname(folder.file), "killed");
  mkdirSync(dir);
  const file = join(dir, "store.db");
  for (const end of ["", "-wal"]) copyFileSync(folder.file + end, file + end);
  copyFileSync(markFile(folder.file), markFile(file));
  return { file, store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

test("what a killed process leaves is whole, and is opened again and again", async () => {
  await using left = await killed();
  for (let start = 0; start < 3; start += 1) {
    check(left.file);
    const store = await openSqliteStore({ file: left.file });
    await addJob(store, { id: `more-${start}` });
    expect((await store.jobs.list("default", { limit: 200, cursor: null })).items).toHaveLength(JOBS + start + 1);
    await store.close();
  }
  expect(existsSync(`${left.file}-wal`)).toBe(false);
  check(left.file);
});

test.each<[string, (file: string) => void, RegExp]>([
  ["a byte of the log is flipped", (file) => flip(`${file}-wal`, 60_000), /is damaged: of \d+ acknowledged pages \d+ can be read/],
  ["a byte of its head is flipped", (file) => flip(`${file}-wal`, 17), /is damaged at its head/],
  ["a byte of its last page is flipped", (file) => flip(`${file}-wal`, readFileSync(`${file}-wal`).length - 9), /is damaged: of/],
  ["the log is cut off", (file) => truncateSync(`${file}-wal`, 60_000), /is cut off: of \d+ acknowledged pages \d+ can be read/],
  ["the log is emptied", (file) => truncateSync(`${file}-wal`, 0), /is gone, or empty/],
  ["the log is deleted", (file) => rmSync(`${file}-wal`), /is gone, or empty/],
  ["the database is emptied", (file) => truncateSync(file, 0), /the database is gone, or empty/],
  [
    "the database is deleted with its log",
    (file) => [file, `${file}-wal`].forEach((path) => rmSync(path)),
    /the database is gone, or empty/,
  ],
])("where %s, it is said before the store is opened", async (_, damage, said) => {
  await using left = await killed();
  damage(left.file);
  expect(() => check(left.file)).toThrow(expect.objectContaining({ code: "store_corrupt", message: expect.stringMatching(said) }));
  expect(() => check(left.file)).toThrow("--accept-loss");
  const told: string[] = [];
  checkLoss(left.file, { accepted: true, tell: (missing) => told.push(missing) });
  expect(told).toEqual([expect.stringMatching(said)]);
});

test("after a clean end there is no log, and that is no loss; a database that is gone is", async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  await addJob(store);
  await store.close();
  check(folder.file);
  rmSync(folder.file);
  expect(() => check(folder.file)).toThrow("the database is gone");
});

test("a log that began anew since the mark is no other log", async () => {
  await using left = await killed();
  const mark = readFileSync(markFile(left.file));
  const store = await openSqliteStore({ file: left.file });
  const text = "x".repeat(30_000);
  for (let index = 0; index < 400; index += 1) await addJob(store, { id: `large-${index}`, definition: { params: { text } } });
  const copy = join(dirname(left.file), "later.db");
  for (const end of ["", "-wal"]) copyFileSync(left.file + end, copy + end);
  await store.close();
  writeFileSync(markFile(copy), mark);
  const { salts } = JSON.parse(mark.toString()) as { salts: [number, number] };
  expect(readFileSync(`${copy}-wal`).readUInt32BE(16)).toBeGreaterThan(salts[0]);
  check(copy);
});
