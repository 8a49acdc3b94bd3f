import { expect, test } from "@jest/globals";
import { jobOf } from "@tickline/shared/testing/factories";
import { claimOf, ended } from "../projection/event-story.test-support.ts";
import { createEventWindow } from "./event-window.ts";

const events = Array.from({ length: 10 }, (_, minute) => ended(claimOf(jobOf(), minute)));
const [first, second, third] = events as [(typeof events)[0], (typeof events)[0], (typeof events)[0]];

test("an empty window knows nothing", () => {
  const window = createEventWindow(3);
  expect([window.after("x"), window.latestId()]).toEqual([null, null]);
});

test("it gives what came behind an event, oldest first", () => {
  const window = createEventWindow(5);
  for (const event of events.slice(0, 3)) window.push(event);
  expect(window.after(first.id)).toEqual([second, third]);
  expect(window.after(third.id)).toEqual([]);
  expect(window.latestId()).toBe(third.id);
});

test("it keeps as many as it is told, however many come", () => {
  for (let sizeMax = 1; sizeMax <= 10; sizeMax += 1) {
    const window = createEventWindow(sizeMax);
    for (const event of events) window.push(event);
    const known = events.filter(({ id }) => window.after(id) !== null);
    expect(known).toEqual(events.slice(-sizeMax));
    expect(window.after(known[0]?.id ?? "")).toEqual(known.slice(1));
  }
});

test("of an event that was repeated, the last coming counts", () => {
  const window = createEventWindow(5);
  for (const event of [first, second, first, third]) window.push(event);
  expect(window.after(first.id)).toEqual([third]);
});
