import { beforeAll, expect, test } from "@jest/globals";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addJob } from "../../../testing/contracts/store-steps.ts";
import { databaseFaults } from "./database-faults.ts";
import { checkLoss } from "./check-loss.ts";
import { readLogHead, wholeFrames } from "./log-frames.ts";
import { readMark } from "./log-mark.ts";
import { markFile } from "./mark-keeper.ts";
import { openSqliteStore } from "../sqlite-store.ts";
import { storeFolder } from "../store-folder.test-support.ts";

const JOBS = 40;
/** Resolves when the mark covers the whole log. */
async function marked(file: string): Promise<void> {
  for (;;) {
    const log = readFileSync(`${file}-wal`);
    const head = readLogHead(log);
    const mark = readMark(readFileSync(markFile(file), "utf8"));
    if (head !== null && mark?.frames === wholeFrames(log, head, Number.MAX_SAFE_INTEGER)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const doubts: string[] = [];
const doubt = (why: string): void => void doubts.push(why);
const check = (file: string): void => checkLoss(file, { accepted: false, tell: () => undefined, doubt });

/** The suffixes of a database's files. */
const FILES = [".db", ".db-wal", ".mark"];
let left: readonly Buffer[] = [];
beforeAll(async () => {
  await using folder = storeFolder();
  const store = await folder.open();
  for (let index = 0; index < JOBS; index += 1) await addJob(store, { id: `job-${index}` });
  await marked(folder.file);
  left = FILES.map((end) => readFileSync(folder.file.replace(/\.db$/, end)));
});

/** The files after a process was killed that had acknowledged jobs. */
function killed() {
  const dir = mkdtempSync(join(tmpdir(), "tickline-killed-"));
  const file = join(dir, "store.db");
  for (const [index, end] of FILES.entries()) writeFileSync(file.replace(/\.db$/, end), left[index] ?? "");
  return { file, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

test("what a killed process leaves is whole, and is opened again and again", async () => {
  using left = killed();
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
  using left = killed();
  damage(left.file);
  expect(() => check(left.file)).toThrow(expect.objectContaining({ code: "store_corrupt", message: expect.stringMatching(said) }));
  expect(() => check(left.file)).toThrow("--accept-loss");
  const reported: string[] = [];
  checkLoss(left.file, { accepted: true, tell: (missing) => reported.push(missing), doubt });
  expect(reported).toEqual([expect.stringMatching(said)]);
});

/** The files after a normal stop. */
async function closed() {
  const folder = storeFolder();
  const store = await folder.open();
  await Promise.all(Array.from({ length: JOBS }, (_, index) => addJob(store, { id: `job-${index}` })));
  await store.close();
  return { file: folder.file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("after a clean end there is no log, and that is no loss; a database that is gone is", async () => {
  await using left = await closed();
  check(left.file);
  rmSync(left.file);
  expect(() => check(left.file)).toThrow("the database is gone");
});

test.each<[string, (file: string) => void]>([
  ["a bit of a value is flipped", (file) => flip(file, readFileSync(file).indexOf("Nightly report"))],
  ["its last page is cut off", (file) => truncateSync(file, readFileSync(file).length - 4_096)],
  ["it is another database", (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(4_096)]))],
])("of a database that was closed it is said that %s", async (_, damage) => {
  await using left = await closed();
  damage(left.file);
  expect(() => check(left.file)).toThrow("the database is not as it was when it was closed");
});

/** Opening the database reports a damaged list of tables. */
function lookThrough(file: string): void {
  check(file);
  databaseFaults(file, 1);
}

test("of a killed process the database is looked through: an index that lacks rows would hide them", async () => {
  await using left = await closed();
  rmSync(markFile(left.file)); // The state at its close is unknown.
  const bytes = readFileSync(left.file);
  for (let page = 1; page * 4_096 < bytes.length; page += 1) {
    const harmed = Buffer.from(bytes);
    harmed.writeUInt16BE(0, page * 4_096 + 3); // The number of cells of the page.
    writeFileSync(left.file, harmed);
    const cells = bytes.readUInt16BE(page * 4_096 + 3);
    const isTree = [2, 5, 10, 13].includes(bytes[page * 4_096] ?? 0);
    if (isTree && cells > 0) expect(() => lookThrough(left.file)).toThrow(/the database is damaged|malformed/);
  }
});

test("a mark that is damaged or gone is no loss, and is reported", async () => {
  using left = killed();
  const mark = readFileSync(markFile(left.file));
  const length = mark.indexOf("}");
  doubts.length = 0;
  for (let at = 0; at <= length; at += 1) {
    flip(markFile(left.file), at);
    check(left.file);
    writeFileSync(markFile(left.file), mark);
  }
  expect(doubts.length).toBeGreaterThan(length / 2); // Names of absent files have no meaning.
  for (const doubted of doubts) expect(doubted).toContain("cannot be read");
  rmSync(markFile(left.file));
  check(left.file);
  expect(doubts.at(-1)).toContain("is not there, as after an earlier version");
});

test("a folder that was used before, and has neither database nor mark, is reported; a new one is not", async () => {
  await using left = await closed();
  for (const path of [left.file, markFile(left.file)]) rmSync(path);
  doubts.length = 0;
  checkLoss(left.file, { accepted: false, tell: () => undefined, doubt, usedBefore: false });
  expect(doubts).toEqual([]);
  checkLoss(left.file, { accepted: false, tell: () => undefined, doubt, usedBefore: true });
  expect(doubts).toEqual([expect.stringContaining("is empty, though the folder was used before")]);
});

test("a mark of an earlier version, without a checksum, is read", async () => {
  using left = killed();
  const { check: _, database: __, ...old } = JSON.parse(readFileSync(markFile(left.file), "utf8")) as Record<string, unknown>;
  writeFileSync(markFile(left.file), `${JSON.stringify(old).padEnd(127)}\n`);
  check(left.file);
  truncateSync(`${left.file}-wal`, 60_000);
  expect(() => check(left.file)).toThrow("is cut off");
});

test("a log that began anew since the mark is no other log", async () => {
  using left = killed();
  const mark = readFileSync(markFile(left.file));
  const store = await openSqliteStore({ file: left.file });
  const text = "x".repeat(30_000);
  for (let round = 0; round < 40; round += 1) {
    const add = (index: number) => addJob(store, { id: `large-${round}-${index}`, definition: { params: { text } } });
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(index)));
  }
  const copy = left.file.replace("store.db", "later.db");
  for (const end of ["", "-wal"]) copyFileSync(left.file + end, copy + end);
  await store.close();
  writeFileSync(markFile(copy), mark);
  const { salts } = JSON.parse(mark.toString()) as { salts: [number, number] };
  expect(readFileSync(`${copy}-wal`).readUInt32BE(16)).toBeGreaterThan(salts[0]);
  check(copy);
});
