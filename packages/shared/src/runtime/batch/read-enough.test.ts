import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readEnough } from "./read-enough.ts";

test("as many as asked for come, in their order, wherever those stand that cannot be read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 100 }), fc.integer({ min: 1, max: 20 }), async (readable, limit) => {
      const rows = readable.map((isReadable, index) => ({ isReadable, index }));
      const read = await readEnough(limit, async (count) => {
        const met = rows.slice(0, count);
        return { items: met.filter(({ isReadable }) => isReadable), met: met.length };
      });
      expect(read).toEqual(rows.filter(({ isReadable }) => isReadable).slice(0, limit));
    }),
  );
});

test("where all can be read there is one read", async () => {
  let reads = 0;
  await readEnough(3, async (rows) => {
    reads += 1;
    return { items: [1, 2, 3].slice(0, rows), met: 3 };
  });
  expect(reads).toBe(1);
});
