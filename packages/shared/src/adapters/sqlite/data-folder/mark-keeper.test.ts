import { expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "../../../testing/manual-clock.ts";
import { openDatabase } from "../database.ts";
import { readMark } from "./log-mark.ts";
import { keepMark, markFile } from "./mark-keeper.ts";

const WINDOW_MS = 50;

function marked() {
  const dir = mkdtempSync(join(tmpdir(), "tickline-mark-"));
  const file = join(dir, "store.db");
  const db = openDatabase(file, { pagesMax: null });
  db.exec("CREATE TABLE t (x)");
  const clock = manualClock(0);
  const mark = keepMark(db, { file, clock });
  return {
    clock,
    commit() {
      db.exec("INSERT INTO t VALUES (zeroblob(9000))");
      mark.written();
    },
    said: () => readMark(readFileSync(markFile(file), "utf8"))?.frames,
    inLog: () => Number(db.prepare("PRAGMA wal_checkpoint(NOOP)").get()?.["log"]),
    [Symbol.dispose]() {
      mark.close();
      db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

test("what was committed is noted a moment later, all of a burst by one write, and then nothing is left to do", () => {
  using kit = marked();
  const before = kit.said();
  for (let commits = 0; commits < 20; commits += 1) kit.commit();
  expect(kit.said()).toBe(before);
  kit.clock.advance(WINDOW_MS);
  expect([kit.said(), kit.clock.timers]).toEqual([kit.inLog(), 0]);
});

test("after each burst there is another note", () => {
  using kit = marked();
  for (let burst = 0; burst < 3; burst += 1) {
    kit.commit();
    kit.clock.advance(WINDOW_MS);
    expect(kit.said()).toBe(kit.inLog());
  }
});
