import { expect, test } from "@jest/globals";
import { inParallel } from "./in-parallel.ts";

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

test("all items are worked on, at most so many at once, and the results stand in their order", async () => {
  let inHand = 0;
  let most = 0;
  const results = await inParallel([5, 4, 3, 2, 1], {
    atOnce: 2,
    async work(turns) {
      most = Math.max(most, (inHand += 1));
      for (let count = 0; count < turns; count += 1) await turn();
      inHand -= 1;
      return turns * 10;
    },
  });
  expect({ results, most }).toEqual({ results: [50, 40, 30, 20, 10], most: 2 });
});

test("after a fault nothing more is begun", async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await turn();
    if (item === 1) throw new Error("on purpose");
  };
  await expect(inParallel([1, 2, 3, 4], { atOnce: 2, work })).rejects.toThrow("on purpose");
  await turn();
  await turn();
  expect(begun).toEqual([1, 2]);
});

test("no items need no work", async () => {
  expect(await inParallel([], { atOnce: 3, work: () => Promise.reject(new Error("never")) })).toEqual([]);
});
