import { expect, test } from "@jest/globals";
import { SECOND, START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createBusLoop } from "./bus-loop.ts";
import { silentLogger } from "../log/logger.ts";

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

function setup(publish: () => Promise<string>) {
  const clock = manualClock(START);
  const ends: string[] = [];
  const loop = createBusLoop({
    name: "test",
    clock,
    log: silentLogger,
    stopMs: SECOND,
    runOnce: () =>
      loop
        .answer(publish())
        .then(
          (answer) => void ends.push(answer),
          (fault: Error) => void ends.push(fault.message),
        )
        .then(() => null),
  });
  return { clock, loop, ends };
}

test("answers and faults of the bus are passed on", async () => {
  const answers = [() => Promise.resolve("taken"), () => Promise.reject(new Error("no broker"))];
  const { loop, ends, clock } = setup(() => answers.shift()!());
  await loop.start();
  await turns();
  loop.wake();
  await turns();
  expect(ends).toEqual(["taken", "no broker"]);
  await loop.stop();
  expect(clock.timers).toBe(0);
});

test("a stop waits for an answer that comes in time", async () => {
  const answer = Promise.withResolvers<string>();
  const { loop, ends, clock } = setup(() => answer.promise);
  await loop.start();
  const stopped = loop.stop();
  await turns();
  expect(ends).toEqual([]);
  answer.resolve("taken");
  await stopped;
  expect([ends, clock.timers]).toEqual([["taken"], 0]);
});

test("a stop waits no longer than its time for a bus that does not answer, and what it answers later is nothing to the loop", async () => {
  const answer = Promise.withResolvers<string>();
  const { loop, ends, clock } = setup(() => answer.promise);
  await loop.start();
  const stopped = loop.stop();
  clock.advance(SECOND);
  await stopped;
  expect(ends).toEqual(["test: the bus did not answer before the stop"]);
  answer.reject(new Error("too late"));
  await turns();
  expect([ends.length, clock.timers]).toEqual([1, 0]);
});

test("a round that goes on to ask the bus when the time of the stop is over gets no answer, and after the next start it does", async () => {
  const never = new Promise<string>(() => undefined);
  const clock = manualClock(START);
  const ends: string[] = [];
  const asked = [never, never, Promise.resolve("taken")];
  const ask = (): Promise<void> =>
    loop.answer(asked.shift()!).then(
      (answer) => void ends.push(answer),
      (fault: Error) => void ends.push(fault.message),
    );
  const rounds = [() => ask().then(ask), ask];
  const loop = createBusLoop({
    name: "test",
    clock,
    log: silentLogger,
    stopMs: SECOND,
    runOnce: () => rounds.shift()!().then(() => null),
  });
  await loop.start();
  const stopped = loop.stop();
  clock.advance(SECOND);
  await stopped;
  await loop.start();
  await turns();
  await loop.stop();
  const unanswered = "test: the bus did not answer before the stop";
  expect(ends).toEqual([unanswered, unanswered, "taken"]);
});
