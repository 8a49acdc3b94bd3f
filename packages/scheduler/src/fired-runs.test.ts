import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/due-run";
import { createFiredRuns } from "./fired-runs.ts";
import { createPublishWindows } from "./publish-windows.ts";

function setup({ window = 10, runsMax = 10 } = {}) {
  const windows = createPublishWindows(window, () => undefined);
  return { windows, fired: createFiredRuns(windows, runsMax) };
}

const runsOf = (queue: string, ...runIds: readonly string[]) => runIds.map((runId) => ({ queue, runId, attempt: 1 }) as DueRun);
const taken = ({ batches, left }: ReturnType<ReturnType<typeof setup>["fired"]["take"]>) => ({
  batches: Object.fromEntries([...batches].map(([queue, runs]) => [queue, runs.map(({ runId }) => runId)])),
  left,
});

test("fired runs are taken once, by queue", () => {
  const { fired } = setup();
  expect(fired.add([...runsOf("default", "a"), ...runsOf("high", "b"), ...runsOf("default", "c")])).toBe(true);
  expect(taken(fired.take())).toEqual({ batches: { default: ["a", "c"], high: ["b"] }, left: false });
  expect(taken(fired.take())).toEqual({ batches: {}, left: false });
});

test("what has no room in its window is left, and that is said", () => {
  const { fired, windows } = setup({ window: 2 });
  windows.publishing("default", runsOf("default", "earlier"));
  fired.add([...runsOf("default", "a", "b"), ...runsOf("high", "c")]);
  expect(taken(fired.take())).toEqual({ batches: { default: ["a"], high: ["c"] }, left: true });
});

test("more than may be published at once are not kept, and that is said", () => {
  const { fired } = setup({ runsMax: 2 });
  expect(fired.add(runsOf("default", "a"))).toBe(true);
  expect(fired.add(runsOf("default", "b", "c"))).toBe(false);
  expect(taken(fired.take()).batches).toEqual({ default: ["a", "b"] });
});

test("behind a closed window nothing is taken, and need not be looked for: older runs may wait, and go first", () => {
  const { fired, windows } = setup();
  fired.add(runsOf("default", "a"));
  windows.full("default");
  expect(fired.add([...runsOf("default", "b"), ...runsOf("high", "c")])).toBe(true);
  expect(taken(fired.take())).toEqual({ batches: { high: ["c"] }, left: false });
  windows.looking();
  fired.add(runsOf("default", "d"));
  expect(taken(fired.take()).batches).toEqual({ default: ["d"] });
});

test("a run that a look has met before its fire was answered is not published twice", () => {
  const { fired, windows } = setup();
  windows.publishing("default", runsOf("default", "a"));
  fired.add(runsOf("default", "a", "b"));
  expect(taken(fired.take()).batches).toEqual({ default: ["b"] });
});

test("what is claimed before its turn is not published", () => {
  const { fired } = setup();
  const [claimed, other] = runsOf("default", "a", "b") as [DueRun, DueRun];
  fired.add([claimed, other]);
  fired.drop(claimed);
  expect(taken(fired.take()).batches).toEqual({ default: ["b"] });
});
