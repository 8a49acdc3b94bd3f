import { expect, test } from "@jest/globals";
import type { RetentionRequest, RetentionResult } from "@tickline/shared/ports/store/retention";
import { DAY, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { createStoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup } from "../scheduler-under-test.test-support.ts";
import { createRetainer } from "./retainer.ts";

const { retainAfterMs, retainStepMs, retentionMs } = SCHEDULER_DEFAULTS;
const NOTHING: RetentionResult = { runs: 0, requests: 0, tombstones: 0, definitions: 0, more: false };

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

/** A retainer on a clock that is measured, and the sweeps it makes. */
async function retaining({ forgotten = START - retentionMs } = {}) {
  const asked: RetentionRequest[] = [];
  const state = { forgotten };
  const { clock, context, deps } = setup();
  const time = createStoreClock({ clock, ping: deps.ping, decided: deps.decided, log: silentLogger });
  await time.start();
  const retention = {
    async sweep(request: RetentionRequest) {
      asked.push(request);
      state.forgotten = Math.max(state.forgotten, request.endedBefore);
      return NOTHING;
    },
    forgotten: async () => ({ runs: state.forgotten, jobs: state.forgotten }),
  };
  const retainer = createRetainer({ ...context, retention, time, now: time.now });
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += SECOND) {
      clock.advance(SECOND);
      await turns();
    }
    await retainer.sweep();
  }
  return { clock, asked, retainer, pass, time };
}

test("nothing is forgotten before the clock has been steady for a while", async () => {
  const { asked, pass, time } = await retaining();
  await pass(retainAfterMs - SECOND);
  expect(asked).toEqual([]);
  await pass(SECOND);
  expect(asked).toMatchObject([{ now: START + retainAfterMs, endedBefore: START + retainAfterMs - retentionMs }]);
  await time.stop();
});

test("a clock that is ten days ahead for a minute empties nothing", async () => {
  const { clock, asked, pass, time } = await retaining();
  await pass(retainAfterMs);
  clock.jumpTo(clock.now() + 10 * DAY);
  await pass(MINUTE);
  clock.jumpTo(clock.now() - 10 * DAY);
  await pass(retainAfterMs - MINUTE);
  expect(asked).toHaveLength(1);
  await pass(2 * MINUTE);
  expect(asked).toHaveLength(2);
  expect(asked[1]?.endedBefore).toBeLessThan(START + DAY - retentionMs);
  await time.stop();
});

test("a clock that stays ahead forgets a step at a time, and so does a scheduler that did not run for long", async () => {
  const { clock, asked, pass, time } = await retaining();
  clock.jumpTo(clock.now() + 10 * DAY);
  await pass(retainAfterMs + MINUTE);
  await pass(MINUTE);
  await pass(retainAfterMs);
  const steps = asked.map(({ endedBefore }) => endedBefore - (START - retentionMs));
  expect(steps).toEqual([retainStepMs, retainStepMs, 2 * retainStepMs]);
  expect(asked.map(({ now, boundBefore, deletedBefore }) => [now - boundBefore, now - deletedBefore])).toEqual(
    asked.map(() => [SCHEDULER_DEFAULTS.requestsMs, SCHEDULER_DEFAULTS.tombstonesMs]),
  );
  await time.stop();
});

test("a store that has never been swept is swept at once up to where it should be", async () => {
  const { asked, pass, time } = await retaining({ forgotten: 0 });
  await pass(retainAfterMs);
  expect(asked).toMatchObject([{ endedBefore: START + retainAfterMs - retentionMs }]);
  await time.stop();
});
