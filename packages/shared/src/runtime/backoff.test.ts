import { expect, test } from "@jest/globals";
import { START } from "../testing/factories.ts";
import { manualClock } from "../testing/manual-clock.ts";
import { createBackoff } from "./backoff.ts";

test("a wait ends by its time, or when it is cut short; after a stop there is none", async () => {
  const clock = manualClock(START);
  const backoff = createBackoff(clock, { firstMs: 100, maxMs: 150 });
  const waits = [backoff.wait(1), backoff.wait(2)];
  clock.advance(100);
  expect(await waits[0]).toBe(true);
  backoff.cut();
  expect(await waits[1]).toBe(false);
  const again = backoff.wait(3);
  clock.advance(150);
  expect(await again).toBe(true);
  const last = backoff.wait(1);
  backoff.stop();
  expect([await last, await backoff.wait(1)]).toEqual([false, false]);
});
