import { expect, test } from "@jest/globals";
import { MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { createTicker } from "../fire/ticker.ts";
import { createPublisher } from "../publish/publisher.ts";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createWaker } from "./waker.ts";

async function setup(definition: { readonly expireAfterMs?: number } = {}) {
  const scheduler = setupScheduler();
  const { context, store, clock, published } = scheduler;
  const reported: string[] = [];
  const listeners = {
    onFired: () => undefined,
    onPublishable: () => void reported.push("publishable"),
    onEnded: (runs: readonly { state: string; reason: string | null }[]) =>
      void reported.push(...runs.map(({ state, reason }) => `${state}: ${reason}`)),
  };
  const ticker = createTicker(context, { onFired: () => undefined, onPublishable: () => undefined, onEnded: () => undefined });
  const publisher = createPublisher(context);
  const job = await scheduler.addJob({ definition });
  await ticker.readAhead();
  await ticker.tick();
  /** The second time notes in the store what the first has published. */
  const publish = async (): Promise<number> => (await publisher.publish()) + (await publisher.publish());
  await publish();
  return {
    ...scheduler,
    reported,
    publish,
    waker: createWaker(context, listeners),
    job,
    /** Claims the run that was published last and settles it to be tried again. */
    async failOnce(retryDelayMs: number) {
      const runs = published.flatMap((event) => (event.type === "JobDue" ? [event.data] : [])).slice(-1);
      const now = clock.now();
      const [claim] = await store.claims.claim({ runs, claimant: { executor: "e1", token: "t1", leaseMs: MINUTE }, now, firedAfter: 0 });
      if (claim?.kind !== "won") throw new Error(`the claim was ${claim?.kind}`);
      const error = { code: "http_status", message: "503", retryable: true };
      const settlement = {
        runId: claim.claim.run.runId,
        token: "t1",
        result: { kind: "retry", error, retryDelayMs },
        finishedAt: now,
      } as const;
      await store.claims.settle({ settlements: [settlement], now });
    },
  };
}

test("a retry is woken at its time and not before, as the next attempt", async () => {
  const { clock, failOnce, waker, publish, published, reported } = await setup();
  await failOnce(700);
  expect(await waker.wakeRuns()).toBe(700);
  clock.advance(699);
  expect(await waker.wakeRuns()).toBe(1);
  expect(reported).toEqual([]);
  clock.advance(1);
  await waker.wakeRuns();
  expect(reported).toEqual(["publishable"]);
  await publish();
  const last = published.at(-1);
  expect(last?.type === "JobDue" && [last.data.attempt, last.data.failures]).toEqual([2, 1]);
});

test("a published run that no executor claims is published again at doubling intervals", async () => {
  const { clock, waker, publish } = await setup();
  const repeatsAfter: number[] = [];
  let sinceMs = 0;
  while (repeatsAfter.length < 3) {
    clock.advance(SECOND);
    sinceMs += SECOND;
    await waker.wakeRuns();
    if ((await publish()) === 0) continue;
    repeatsAfter.push(sinceMs);
    sinceMs = 0;
  }
  expect(repeatsAfter).toEqual([10 * SECOND, 20 * SECOND, 40 * SECOND]);
});

test("a run that waited longer than its job allows is closed with the reason", async () => {
  const { clock, waker, reported, listRuns, job } = await setup({ expireAfterMs: 30 * SECOND });
  clock.advance(30 * SECOND + 1);
  await waker.wakeRuns();
  expect(reported).toEqual(["skipped: expired"]);
  expect((await listRuns(job)).map(({ state, reason }) => [state, reason])).toEqual([["skipped", "expired"]]);
});

test("a hint of a retry that arrives before the next read sets the timer", async () => {
  const { clock, waker, failOnce, reported } = await setup();
  await waker.start();
  await new Promise(setImmediate);
  await failOnce(300);
  waker.at(clock.now() + 300);
  clock.advance(300);
  while (reported.length === 0) await new Promise(setImmediate);
  expect(reported).toEqual(["publishable"]);
  await waker.stop();
});
