import { expect, test } from "@jest/globals";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { newJob } from "@tickline/shared/testing/factories";
import { buildClaim, ended } from "../projection/event-story.test-support.ts";
import { createEventWindow, type EventWindow } from "./event-window.ts";

const events = Array.from({ length: 10 }, (_, minute) => ended(buildClaim(newJob(), minute)));
const [first, second, third] = events as [(typeof events)[0], (typeof events)[0], (typeof events)[0]];

/** What came behind an event, oldest first; null: it is not known. */
function after(window: EventWindow, eventId: string): TicklineEvent[] | null {
  const from = window.positionBehind(eventId);
  if (from === null) return null;
  const found: TicklineEvent[] = [];
  for (let position = from; position < window.end; position += 1) found.push(window.at(position) as TicklineEvent);
  return found;
}

test("an empty window contains nothing", () => {
  const window = createEventWindow(3);
  expect([after(window, "x"), window.latestId(), window.end, window.at(0), window.at(-1)]).toEqual([null, null, 0, null, null]);
});

test("it gives what came behind an event, oldest first", () => {
  const window = createEventWindow(5);
  for (const event of events.slice(0, 3)) window.push(event);
  expect(after(window, first.id)).toEqual([second, third]);
  expect(after(window, third.id)).toEqual([]);
  expect(window.latestId()).toBe(third.id);
});

test("it keeps the given number of events, however many are added", () => {
  for (let sizeMax = 1; sizeMax <= 10; sizeMax += 1) {
    const window = createEventWindow(sizeMax);
    for (const event of events) window.push(event);
    const known = events.filter(({ id }) => after(window, id) !== null);
    expect(known).toEqual(events.slice(-sizeMax));
    expect(after(window, known[0]?.id ?? "")).toEqual(known.slice(1));
    expect([window.at(9 - sizeMax), window.at(10 - sizeMax), window.at(10)]).toEqual([null, known[0], null]);
  }
});

test("of an event that was repeated, the last coming counts, also when the first is no longer kept", () => {
  const window = createEventWindow(3);
  for (const event of [first, second, first, third]) window.push(event);
  expect(after(window, first.id)).toEqual([third]);
  window.push(second);
  window.push(third);
  expect(after(window, first.id)).toBeNull();
});
