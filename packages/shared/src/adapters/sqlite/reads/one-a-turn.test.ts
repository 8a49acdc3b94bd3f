import { expect, test } from "@jest/globals";
import { oneATurn } from "./one-a-turn.ts";

test("of many lists that are read in steps one goes on in each turn, in their order", async () => {
  const pause = oneATurn();
  const steps: string[] = [];
  async function read(name: string): Promise<void> {
    for (let step = 1; step <= 3; step += 1) {
      await pause();
      steps.push(`${name}${step}`);
    }
  }
  const all = Promise.all(["a", "b", "c"].map(read));
  for (let turns = 1; turns <= 9; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps.length).toBeLessThanOrEqual(turns);
  }
  await all;
  expect(steps).toEqual(["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]);
  await pause();
});
