import { expect, test } from "@jest/globals";
import { START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createHostBreaker } from "./host-breaker.ts";

function setup() {
  const clock = manualClock(START);
  const breaker = createHostBreaker(clock, { failuresMax: 3, pauseMs: 10_000 });
  const fail = (host = "a"): boolean => {
    expect(breaker.begin(host)).toBe(0);
    return breaker.onFailure(host);
  };
  return { clock, breaker, fail };
}

test("a host is paused after so many failures in a row, and others are not", () => {
  const { breaker, fail } = setup();
  expect([fail(), fail(), fail()]).toEqual([false, false, true]);
  expect(breaker.begin("a")).toBe(10_000);
  expect(breaker.begin("b")).toBe(0);
});

test("an answer in between begins the count anew", () => {
  const { breaker, fail } = setup();
  fail();
  fail();
  expect(breaker.onAnswer("a")).toBe(false);
  expect([fail(), fail()]).toEqual([false, false]);
  expect(breaker.begin("a")).toBe(0);
});

test("after the pause one request is sent, and the others wait for its end", () => {
  const { breaker, clock, fail } = setup();
  for (let time = 0; time < 3; time += 1) fail();
  clock.advance(10_000);
  expect([breaker.begin("a"), breaker.begin("a")]).toEqual([0, 10_000]);
  expect(breaker.onAnswer("a")).toBe(true);
  expect([breaker.begin("a"), breaker.begin("a")]).toEqual([0, 0]);
});

test("if that request fails too, the pause begins anew, and is not said again", () => {
  const { breaker, clock, fail } = setup();
  for (let time = 0; time < 3; time += 1) fail();
  clock.advance(10_000);
  expect(fail()).toBe(false);
  expect(breaker.begin("a")).toBe(10_000);
});

test("if that request is ended by its job, the next one is sent", () => {
  const { breaker, clock, fail } = setup();
  for (let time = 0; time < 3; time += 1) fail();
  clock.advance(10_000);
  expect(breaker.begin("a")).toBe(0);
  breaker.onAbandoned("a");
  expect(breaker.begin("a")).toBe(0);
});

test("many failing hosts are forgotten, the oldest first", () => {
  const { breaker, fail } = setup();
  for (let time = 0; time < 3; time += 1) fail("first");
  for (let host = 0; host < 1_000; host += 1) fail(`host-${host}`);
  expect(breaker.begin("first")).toBe(0);
});
