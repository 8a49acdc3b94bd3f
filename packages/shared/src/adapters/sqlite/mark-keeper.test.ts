import { expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "../../testing/manual-clock.ts";
import { openWriter } from "./database.ts";
import { readMark } from "./log-mark.ts";
import { keepMark, markFile } from "./mark-keeper.ts";

const WINDOW_MS = 50;

/** A database of which a test begins and ends the syncs. */
function marked() {
  const dir = mkdtempSync(join(tmpdir(), "tickline-mark-"));
  const file = join(dir, "store.db");
  const db = openWriter(file, { pagesMax: null });
  db.exec("CREATE TABLE t (x)");
  const clock = manualClock(0);
  let asked = 0;
  const mark = keepMark(db, { file, clock, sync: () => void (asked += 1) });
  return {
    clock,
    mark,
    commit: () => db.exec("INSERT INTO t VALUES (zeroblob(9000))"),
    sync() {
      mark.syncBegins();
      mark.syncEnded();
    },
    asked: () => asked,
    said: () => readMark(readFileSync(markFile(file), "utf8"))?.frames,
    inLog: () => Number(db.prepare("PRAGMA wal_checkpoint(NOOP)").get()?.["log"]),
    [Symbol.dispose]() {
      mark.close();
      db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

test("of a burst the first sync is noted, and then the last, for which one more is asked", () => {
  using kit = marked();
  kit.commit();
  const first = kit.inLog();
  kit.sync();
  for (let commits = 0; commits < 20; commits += 1) {
    kit.commit();
    kit.sync();
  }
  kit.clock.advance(WINDOW_MS);
  expect([kit.said(), kit.asked()]).toEqual([first, 1]);
  kit.sync();
  kit.clock.advance(WINDOW_MS);
  expect([kit.said(), kit.asked()]).toEqual([kit.inLog(), 1]);
  kit.clock.advance(10 * WINDOW_MS);
  expect([kit.asked(), kit.clock.timers]).toEqual([1, 0]);
});

test("what is committed while a sync is under way is not noted by its end", () => {
  using kit = marked();
  kit.commit();
  const before = kit.inLog();
  kit.mark.syncBegins();
  kit.commit();
  kit.mark.syncEnded();
  kit.clock.advance(WINDOW_MS);
  expect(kit.said()).toBe(before);
  expect(kit.inLog()).toBeGreaterThan(before);
});
