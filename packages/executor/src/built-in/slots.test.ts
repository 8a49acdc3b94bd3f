import { expect, test } from "@jest/globals";
import { createSlots } from "./slots.ts";

const { signal } = new AbortController();

test("work waits for a slot, in the order of the calls", async () => {
  const slots = createSlots(2);
  const begun: number[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const works = gates.map(({ promise }, index) =>
    slots.run(signal, () => {
      begun.push(index);
      return promise;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  gates[1]?.resolve();
  await works[1];
  expect(begun).toEqual([0, 1, 2]);
  gates[0]?.reject(new Error("failed"));
  await expect(works[0]).rejects.toThrow("failed");
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const gate of gates) gate.resolve();
  await Promise.allSettled(works);
});

test("what is ended while it waits takes no slot", async () => {
  const slots = createSlots(1);
  const gate = Promise.withResolvers<void>();
  const first = slots.run(signal, () => gate.promise);
  const ending = new AbortController();
  let begun = false;
  const ended = slots.run(ending.signal, async () => void (begun = true));
  const last = slots.run(signal, async () => "last");
  ending.abort(new Error("ended"));
  await expect(ended).rejects.toThrow("ended");
  gate.resolve();
  expect(await last).toBe("last");
  await first;
  expect(begun).toBe(false);
  expect(await slots.run(signal, async () => "later")).toBe("later");
});
