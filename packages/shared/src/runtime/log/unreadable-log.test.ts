import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { MINUTE, START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createUnreadableLog } from "./unreadable-log.ts";

test("a row is logged when it is met first, then at doubling intervals, and counted each time", async () => {
  const clock = manualClock(START);
  const metrics = new Registry();
  const logged: number[] = [];
  const tell = createUnreadableLog({ clock, metrics, log: { warn: () => void logged.push(clock.now() - START) } });
  for (let second = 0; second < 240; second += 1) {
    tell({ kind: "run", id: "bad", reason: "torn" });
    clock.advance(1_000);
  }
  expect(logged).toEqual([0, MINUTE, 3 * MINUTE]);
  expect(await metrics.getSingleMetricAsString("tickline_unreadable_rows_total")).toContain('{kind="run"} 240');
});

test("each row is logged by itself", () => {
  const logged: object[] = [];
  const tell = createUnreadableLog({
    clock: manualClock(START),
    metrics: new Registry(),
    log: { warn: (row: object) => void logged.push(row) },
  });
  for (const id of ["a", "b", "a"]) tell({ kind: "job", id, reason: "torn" });
  expect(logged).toEqual([
    { kind: "job", id: "a", reason: "torn" },
    { kind: "job", id: "b", reason: "torn" },
  ]);
});
