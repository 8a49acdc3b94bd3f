import { expect, test } from "@jest/globals";
import type { Job } from "@tickline/shared/domain/job/job";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import { newJob, SECOND, START } from "@tickline/shared/testing/factories";
import type { ShardContext } from "../shard-context.ts";
import { createDueSelection } from "./due-selection.ts";

const HELD_MS_MAX = 30 * SECOND;

/** One worker becomes free for each fire. */
function setup({ fireJobsMax = 1 } = {}) {
  const due: Job[] = [];
  const time = { now: START };
  const localWorkers: Partial<LocalWorkers> = {
    free: () => 1,
    freeSoon: () => true,
    room() {
      let free = 1;
      return { take: () => free-- > 0 };
    },
    onceFree: () => {},
  };
  const config: Partial<ShardContext["config"]> = { queues: ["default"], fireJobsMax, heldMsMax: HELD_MS_MAX };
  const context = { localWorkers, config, now: () => time.now } as ShardContext;
  const window = { takeDue: (limit: number) => due.splice(0, limit) };
  const selection = createDueSelection(context, window, () => {});
  const add = (id: string, priority: number): void => void due.push(newJob({ id, nextRunAt: time.now, definition: { priority } }));
  return { selection, add, time, take: () => selection.take().map(({ id }) => id) };
}

test("the most urgent job gets the worker that is free", () => {
  const { add, take } = setup();
  add("calm", 0);
  add("urgent", 9);
  expect(take()).toEqual(["urgent"]);
  expect(take()).toEqual(["calm"]);
});

test("a job that was held for as long as it may be goes before more urgent ones, however many there are", () => {
  const { add, take, time } = setup();
  add("calm", 0);
  for (let index = 0; index < 10; index += 1) add(`urgent ${index}`, 9);
  expect(take()).toEqual(["urgent 0"]);
  time.now += HELD_MS_MAX - 1;
  add("urgent 10", 9);
  expect(take()).toEqual(["urgent 1"]);
  time.now += 1;
  expect(take()).toEqual(["urgent 2"]); // As old, and more urgent.
  for (let index = 3; index < 10; index += 1) expect(take()).toEqual([`urgent ${index}`]);
  add("urgent 11", 9);
  expect(take()).toEqual(["calm"]);
  expect(take()).toEqual(["urgent 10"]);
});

test("the worker of a job that was held for as long as it may be is given to no other", () => {
  const { add, take, time } = setup({ fireJobsMax: 10 });
  add("old", 0);
  add("first", 9);
  expect(take()).toEqual(["first"]);
  time.now += HELD_MS_MAX;
  add("urgent", 9);
  expect(take()).toEqual(["old"]);
  expect(take()).toEqual(["urgent"]);
});
