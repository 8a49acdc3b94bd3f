import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { AppError } from "../../domain/app-error.ts";
import { inHalves } from "./in-halves.ts";

const POISON = new AppError("internal", "poison");

test("all items but those refused by themselves are done, whichever they are", async () => {
  const items = Array.from({ length: 40 }, (_, index) => index);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(39)), async (bad) => {
      const done = new Set<number>();
      const refused = await inHalves(items, async (part) => {
        if (part.some((item) => bad.includes(item))) throw POISON;
        for (const item of part) done.add(item);
      });
      expect(new Set(refused.map(({ item }) => item))).toEqual(new Set(bad));
      expect(done).toEqual(new Set(items.filter((item) => !bad.includes(item))));
    }),
  );
});

test("one among five hundred is found in few calls", async () => {
  let calls = 0;
  await inHalves(
    Array.from({ length: 500 }, (_, index) => index),
    async (part) => {
      calls += 1;
      if (part.includes(123)) throw new TypeError("what is stored of it is no event");
    },
  );
  expect(calls).toBeLessThan(20);
});

test("an unavailable server is no item's fault: it is reported at once", async () => {
  let calls = 0;
  const away = { retryable: true };
  for (const fault of [new AppError("store_unavailable", "away", away), new AppError("bus_unavailable", "away", away)]) {
    const work = async (): Promise<void> => {
      calls += 1;
      throw fault;
    };
    await expect(inHalves([1, 2, 3], work)).rejects.toBe(fault);
  }
  expect(calls).toBe(2);
});

test("a message that the bus refuses is found among the others", async () => {
  const done: number[] = [];
  const refused = await inHalves([1, 2, 3, 4, 5], async (part) => {
    if (part.includes(4)) throw new AppError("bus_unavailable", "the message is too large", { retryable: false });
    done.push(...part);
  });
  expect([refused.map(({ item }) => item), done]).toEqual([[4], [1, 2, 3, 5]]);
});

test("of nothing there is nothing to do", async () => {
  expect(await inHalves([], () => Promise.reject(POISON))).toEqual([]);
});
