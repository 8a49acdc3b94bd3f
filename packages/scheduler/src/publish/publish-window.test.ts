import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createPublishWindow } from "./publish-window.ts";

const WINDOW = 4;
const makeAttempt = (runId: string, attempt = 1) => ({ runId, attempt });
const makeRuns = (...runIds: readonly string[]) => runIds.map((runId) => makeAttempt(runId));
const makeWindow = () => createPublishWindow(WINDOW);
type Window = ReturnType<typeof makeWindow>;

function publish(window: Window, ...runIds: readonly string[]): void {
  window.publishing(makeRuns(...runIds));
}
/** What was published so far stands in the store, and is counted. */
function count(window: Window, unclaimed: number, ...noted: readonly string[]): void {
  window.noted(makeRuns(...noted));
  window.counting();
  window.counted(unclaimed);
}

test("a claim of a run published since the count makes room", () => {
  const window = makeWindow();
  publish(window, "a", "b");
  expect(window.room).toBe(2);
  window.claimed(makeAttempt("a"));
  expect([window.room, window.unclaimed]).toEqual([3, 1]);
});

test("a claim that the count may have known of makes none, though fewer are likely to be unclaimed", () => {
  const window = makeWindow();
  publish(window, "a", "b");
  count(window, 1, "a", "b");
  window.claimed(makeAttempt("a"));
  expect([window.room, window.unclaimed]).toEqual([3, 0]);
});

test("what is still on its way to the bus, or not noted, is added to the count", () => {
  const window = makeWindow();
  publish(window, "noted", "under way");
  count(window, 1, "noted");
  expect([window.room, window.unclaimed]).toEqual([2, 2]);
  window.claimed(makeAttempt("under way"));
  expect(window.room).toBe(3);
});

test("what is published while the count is on its way is added to it", () => {
  const window = makeWindow();
  window.counting();
  publish(window, "a");
  window.noted(makeRuns("a"));
  window.counted(0);
  expect([window.room, window.unclaimed]).toEqual([3, 1]);
  count(window, 1);
  expect([window.room, window.unclaimed]).toEqual([3, 1]);
});

test("claims of runs that were never published here are nothing to it", () => {
  const window = makeWindow();
  publish(window, "a");
  window.claimed(makeAttempt("claimed-by-its-fire"));
  expect([window.room, window.unclaimed]).toEqual([3, 1]);
});

test("it is in use until a count finds no unclaimed run", () => {
  const window = makeWindow();
  expect(window.inUse).toBe(false);
  publish(window, "a");
  expect(window.inUse).toBe(true);
  count(window, 1, "a");
  window.claimed(makeAttempt("a"));
  expect(window.inUse).toBe(true);
  count(window, 0);
  expect(window.inUse).toBe(false);
});

test("a claim of another attempt is nothing to it", () => {
  const window = makeWindow();
  window.publishing([makeAttempt("a", 2)]);
  window.claimed(makeAttempt("a", 1));
  expect([window.room, window.holds(makeAttempt("a", 2))]).toEqual([3, true]);
});

test("what the bus refused takes no place", () => {
  const window = makeWindow();
  publish(window, "a", "b");
  window.unpublished(makeRuns("a", "b"));
  expect([window.room, window.holds(makeAttempt("a")), window.unclaimed]).toEqual([4, false, 0]);
});

test("what was claimed of a batch that the bus called refused gives its place back once", () => {
  const window = makeWindow();
  publish(window, "earlier", "a", "b");
  window.claimed(makeAttempt("a"));
  window.unpublished(makeRuns("a", "b"));
  expect([window.room, window.unclaimed]).toEqual([3, 1]);
});

test("it holds what was published until a hint of its claim, and no more than a window", () => {
  const window = makeWindow();
  publish(window, "a", "b", "c", "d");
  window.claimed(makeAttempt("b"));
  publish(window, "a", "e", "f");
  expect(["a", "b", "c", "d", "e", "f"].filter((runId) => window.holds(makeAttempt(runId)))).toEqual(["a", "d", "e", "f"]);
});

const STEPS = ["publish", "taken", "refused", "note", "claim", "hint", "poll", "count"] as const;

/** A queue with its topic and its store, as the window may and may not know them. */
class Queue {
  readonly window = makeWindow();
  /** Handed to the bus, which has not answered; an executor may have them already. */
  underWay: string[] = [];
  readonly unclaimed = new Set<string>();
  readonly unnoted = new Set<string>();
  readonly unheard: string[] = [];
  /** What the store has counted, and whose answer is on its way. */
  answer: number | null = null;
  #made = 0;

  take(step: (typeof STEPS)[number]): void {
    switch (step) {
      case "publish":
        if (this.underWay.length === 0 && this.window.room > 0) this.#publish();
        return;
      case "taken":
        for (const runId of this.underWay.splice(0)) this.unnoted.add(runId);
        return;
      case "refused":
        for (const runId of this.underWay) this.unclaimed.delete(runId);
        this.window.unpublished(makeRuns(...this.underWay.splice(0)));
        return;
      case "note":
        this.#note();
        return;
      case "claim":
        for (const runId of [...this.unclaimed].slice(0, 1)) if (this.unclaimed.delete(runId)) this.unheard.push(runId);
        return;
      case "hint":
        this.window.claimed(makeAttempt(this.unheard.shift() ?? "unknown"));
        return;
      case "poll":
        this.#note(); // A poll writes all notes first.
        this.window.counting();
        this.answer = [...this.unclaimed].filter((runId) => !this.underWay.includes(runId)).length;
        return;
      case "count":
        if (this.answer !== null) this.window.counted(this.answer);
        this.answer = null;
        return;
    }
  }
  #publish(): void {
    const runId = `run-${(this.#made += 1)}`;
    this.underWay.push(runId);
    this.unclaimed.add(runId);
    this.window.publishing(makeRuns(runId));
  }
  #note(): void {
    this.window.noted(makeRuns(...this.unnoted));
    this.unnoted.clear();
  }
}

test("whatever is published, refused, counted, claimed and hinted late, publishing while there is room never overfills the window", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STEPS), { maxLength: 80 }), (plan) => {
      const queue = new Queue();
      for (const step of plan) {
        queue.take(step);
        expect(queue.unclaimed.size).toBeLessThanOrEqual(WINDOW);
      }
    }),
    { numRuns: 1_000 },
  );
});
