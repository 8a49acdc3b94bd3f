import { expect, test } from "@jest/globals";
import { createThreadSlots } from "./thread-slots.ts";

const never = new AbortController().signal;

test("so many hold a slot at once, and the others get it in their order", async () => {
  const slots = createThreadSlots(1);
  const order: string[] = [];
  const release = await slots.take(never);
  const second = slots.take(never).then((free) => (order.push("second"), free));
  const third = slots.take(never).then((free) => (order.push("third"), free));
  expect(order).toEqual([]);
  release();
  (await second)();
  (await third)();
  expect(order).toEqual(["second", "third"]);
  (await slots.take(never))();
});

test("who is aborted while waiting takes no slot", async () => {
  const slots = createThreadSlots(1);
  const abort = new AbortController();
  const release = await slots.take(never);
  const waiting = slots.take(abort.signal);
  const reason = new Error("cancelled");
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  release();
  (await slots.take(never))();
  expect(() => slots.take(abort.signal)).toThrow(reason);
});
