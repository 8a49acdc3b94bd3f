import { expect, test } from "@jest/globals";
import { addJob, addRun, claim, LEASE_MS, only } from "../../../testing/contracts/store-steps.ts";
import { HOUR, START } from "../../../testing/factories.ts";
import type { Store } from "../../../ports/store/store.ts";
import { memoryContext } from "../collections/memory-rows.test-support.ts";
import { createPorts } from "../ports.ts";

const LATER = START + HOUR;

test("a run whose job's lock was taken for a long time starts when it starts, not when it was asked for", async () => {
  const context = memoryContext(undefined, { serverNow: () => LATER });
  const { runs } = context.rows;
  let refusals = 2;
  const taken: typeof runs = {
    ...runs,
    updateEach: async (changes) => ((refusals -= 1) >= 0 ? { matched: 0, duplicates: [0] } : runs.updateEach(changes)),
  };
  const store = createPorts({ ...context, rows: { ...context.rows, runs: taken } }) as Store;
  const run = await addRun(store, await addJob(store));
  expect(only(await claim(store, [run], { now: START }))).toMatchObject({ kind: "won", claim: { startedAt: LATER } });
  expect(runs.all()).toMatchObject([{ startedAt: LATER, wakeAt: LATER + LEASE_MS }]);
});
