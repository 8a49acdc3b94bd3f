import { expect, test } from "@jest/globals";
import { alternate, type Side } from "./bench.ts";

test("sides are measured in turning order, and their results kept apart", async () => {
  const order: string[] = [];
  const side = (name: string): Side<number> => ({ name, measure: () => Promise.resolve(order.push(name)) });
  const results = await alternate([side("a"), side("b")], { runs: 3, progress: () => undefined });
  expect(order).toEqual(["a", "b", "b", "a", "a", "b"]);
  expect(results).toEqual([
    { name: "a", results: [1, 4, 5] },
    { name: "b", results: [2, 3, 6] },
  ]);
});
