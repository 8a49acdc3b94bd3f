import { expect, test } from "@jest/globals";
import type { Job } from "@tickline/shared/domain/job/job";
import type { Store } from "@tickline/shared/ports/store/store";
import { DAY, HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { setup as setupScheduler, type SetupOptions } from "../scheduler-under-test.test-support.ts";
import { createTicker } from "./ticker.ts";

/** Memory for ten jobs; no look for overdue ones, unless the test wants it. */
function setup({ config = {}, ...options }: SetupOptions = {}) {
  const small = { heapJobsMax: 10, readJobsMax: 5, overdueMs: DAY, ...config };
  const scheduler = setupScheduler({ ...options, config: small });
  const ticker = createTicker(scheduler.context, { onFired: () => undefined, onPublishable: () => undefined, onEnded: () => undefined });
  const { addJob, listRuns } = scheduler;
  return {
    ...scheduler,
    ticker,
    addJobs: (count: number, name: string, nextRunAt: number): Promise<Job[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => addJob({ id: `${name}-${index}`, nextRunAt }))),
    /** How many of the jobs have a run. */
    async countFired(jobs: readonly Job[]): Promise<number> {
      const runs = await Promise.all(jobs.map(listRuns));
      return runs.filter(({ length }) => length > 0).length;
    },
  };
}

test("a backlog larger than memory does not delay a job that is on time", async () => {
  const { clock, ticker, addJobs, countFired } = setup();
  await addJobs(40, "overdue", START - HOUR);
  const onTime = await addJobs(3, "on-time", START + SECOND);
  await ticker.readAhead();
  clock.advance(SECOND);
  await ticker.tick();
  expect(await countFired(onTime)).toBe(3);
});

test("more on time than memory holds does not delay a backlog, and all of both is fired", async () => {
  const { clock, ticker, addJobs, countFired } = setup();
  const overdue = await addJobs(40, "overdue", START - HOUR);
  const onTime = await addJobs(40, "on-time", START + SECOND);
  await ticker.readAhead();
  await ticker.tick();
  const caughtUp = await countFired(overdue);
  expect(caughtUp).toBeGreaterThanOrEqual(5);
  clock.advance(SECOND);
  for (let round = 0; round < 16; round += 1) {
    await ticker.readAhead();
    await ticker.tick();
  }
  expect([await countFired(overdue), await countFired(onTime)]).toEqual([40, 40]);
});

test("what became overdue while the process stood still does not delay what is on time after it", async () => {
  const { clock, ticker, addJobs, countFired } = setup();
  await ticker.readAhead();
  const overdue = await addJobs(40, "overdue", START + MINUTE);
  const onTime = await addJobs(3, "on-time", START + HOUR + SECOND);
  clock.advance(HOUR);
  await ticker.readAhead();
  clock.advance(SECOND);
  await ticker.tick();
  expect(await countFired(onTime)).toBe(3);
  for (let round = 0; round < 8; round += 1) {
    await ticker.readAhead();
    await ticker.tick();
  }
  expect(await countFired(overdue)).toBe(40);
});

test("a second pause while a backlog is read loses no job of either backlog", async () => {
  const { clock, ticker, addJobs, countFired } = setup();
  const first = await addJobs(40, "first", START - HOUR);
  const second = await addJobs(40, "second", START + SECOND);
  await ticker.readAhead();
  clock.advance(HOUR);
  const third = await addJobs(40, "third", START + HOUR);
  for (let round = 0; round < 24; round += 1) {
    await ticker.readAhead();
    await ticker.tick();
  }
  expect(await Promise.all([first, second, third].map(countFired))).toEqual([40, 40, 40]);
});

test("a clock that is set back while a backlog is read loses no job of the backlog or of the time ahead", async () => {
  const { clock, ticker, addJobs, countFired } = setup();
  const overdue = await addJobs(40, "overdue", START - 3 * HOUR);
  const later = await addJobs(40, "later", START - HOUR);
  await ticker.readAhead();
  clock.jumpTo(START - 2 * HOUR);
  for (let round = 0; round < 16; round += 1) {
    await ticker.readAhead();
    await ticker.tick();
  }
  expect([await countFired(overdue), await countFired(later)]).toEqual([40, 0]);
  clock.advance(HOUR);
  for (let round = 0; round < 16; round += 1) {
    await ticker.readAhead();
    await ticker.tick();
  }
  expect(await countFired(later)).toBe(40);
});

test("a backlog does not hide a job on time whose hint was lost", async () => {
  const { clock, ticker, addJob, addJobs, countFired } = setup({ config: { overdueMs: SECOND } });
  await addJobs(600, "overdue", START - HOUR);
  await ticker.readAhead();
  const overlooked = await addJob({ id: "overlooked", nextRunAt: START + SECOND });
  clock.advance(SECOND);
  await ticker.readAhead();
  await ticker.tick();
  expect(await countFired([overlooked])).toBe(1);
});

test("a shard that is behind looks a fifth as often for jobs whose hints were lost, and finds them", async () => {
  let looks = 0;
  const counting = (store: Store): Store => {
    const upcoming: Store["dueJobs"]["upcoming"] = (query) => {
      if (query.until === clock.now()) looks += 1;
      return store.dueJobs.upcoming(query);
    };
    return { ...store, dueJobs: { ...store.dueJobs, upcoming } };
  };
  const config = { heapJobsMax: 1_000, readJobsMax: 500, overdueMs: SECOND };
  const { clock, ticker, addJob, addJobs, countFired } = setup({ config, store: counting });
  await addJobs(100, "known", START + SECOND);
  await ticker.readAhead();
  const overlooked = await addJob({ id: "overlooked", nextRunAt: START + SECOND });
  for (let second = 1; second <= 10; second += 1) {
    clock.advance(SECOND);
    await ticker.readAhead();
  }
  expect(looks).toBe(2);
  await ticker.tick();
  expect(await countFired([overlooked])).toBe(1);
});

test("a burst on time has all of the memory when there is no backlog", async () => {
  const { clock, ticker, addJobs, countFired } = setup();
  const burst = await addJobs(40, "burst", START + SECOND);
  await ticker.readAhead();
  clock.advance(SECOND);
  await ticker.tick();
  expect(await countFired(burst)).toBe(10);
});
