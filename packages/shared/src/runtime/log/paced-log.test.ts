import { expect, test } from "@jest/globals";
import { manualClock } from "../../testing/manual-clock.ts";
import type { Logger } from "./logger.ts";
import { createPacedLog, PACED_LINES_MAX } from "./paced-log.ts";

test("more lines than its limit in a second are at debug, which is said once, and warnings are always written", () => {
  const clock = manualClock(0);
  const counts = { debug: 0, info: 0, warn: 0 };
  const at = (level: keyof typeof counts) => () => void (counts[level] += 1);
  const log = createPacedLog({ debug: at("debug"), info: at("info"), warn: at("warn") } as unknown as Logger, clock);
  for (let line = 0; line < PACED_LINES_MAX; line += 1) log.info({}, "a run starts");
  expect(counts).toEqual({ debug: 0, info: PACED_LINES_MAX, warn: 0 });
  for (let line = 0; line < 50; line += 1) log.info({}, "a run starts");
  for (let line = 0; line < 50; line += 1) log.warn({}, "a run failed");
  expect(counts).toEqual({ debug: 50, info: PACED_LINES_MAX + 1, warn: 50 });
  clock.advance(1_000);
  log.info({}, "a run starts");
  expect(counts).toEqual({ debug: 50, info: PACED_LINES_MAX + 2, warn: 50 });
});
