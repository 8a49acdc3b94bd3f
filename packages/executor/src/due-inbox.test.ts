import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { jobOf } from "@tickline/shared/testing/factories";
import { dueRunOf } from "@tickline/shared/testing/factories-fire";
import { createDueInbox } from "./due-inbox.ts";
import { turns } from "./executor.test-support.ts";
import { sortDueRuns } from "./sort-due-runs.ts";
import { createSuspectLane } from "./suspect-lane.ts";

const run = (runId: string, changes: Partial<DueRun> = {}): DueRun => ({ ...dueRunOf(jobOf()), runId, ...changes });
const runs = (count: number, prefix = "R"): DueRun[] => Array.from({ length: count }, (_, index) => run(`${prefix}${index}`));

test("a batch is answered for when every run of it is", async () => {
  const inbox = createDueInbox(["default"]);
  let answered = false;
  void inbox.put("default", runs(5)).then(() => (answered = true));
  const parts = [inbox.take(3), inbox.take(3)];
  expect(parts.map((part) => part?.runs.length)).toEqual([3, 2]);
  expect({ waiting: inbox.waiting, more: inbox.take(3) }).toEqual({ waiting: 0, more: null });
  parts[0]?.answered();
  await turns();
  expect(answered).toBe(false);
  parts[1]?.answered();
  await turns();
  expect(answered).toBe(true);
});

test("nine turns of ten go to the first queue that waits, the tenth to the others in turn", () => {
  const inbox = createDueInbox(["high", "default", "low"]);
  for (const queue of ["high", "default", "low"]) void inbox.put(queue, runs(100, queue));
  const taken = Array.from({ length: 60 }, () => inbox.take(1)?.runs[0]?.runId.replace(/\d+/, ""));
  const count = (queue: string) => taken.filter((of) => of === queue).length;
  expect({ high: count("high"), default: count("default"), low: count("low") }).toEqual({ high: 56, default: 2, low: 2 });
});

test("what was not taken when the executor stops is refused; what was is answered for", async () => {
  const inbox = createDueInbox(["default"]);
  const refused = inbox.put("default", runs(2));
  inbox.take(1);
  inbox.refuse(new Error("stops"));
  await expect(refused).rejects.toThrow("stops");
  expect({ waiting: inbox.waiting, more: inbox.take(1) }).toEqual({ waiting: 0, more: null });
});

test("a batch of the bus is sorted by what is to be done, each run once", () => {
  const batch = [run("a"), run("b", { handler: "unknown" }), run("c", { rescues: 2 }), run("a"), run("d", { rescues: 1 })];
  const sorted = sortDueRuns(
    batch.map((each) => jobDue(each, 0)),
    { handlers: new Map([["http", null]]), suspectRescuesMin: 2 },
  );
  expect(Object.fromEntries(Object.entries(sorted).map(([kind, of]) => [kind, (of as DueRun[]).map(({ runId }) => runId)]))).toEqual({
    known: ["a", "d"],
    unknown: ["b"],
    suspects: ["c"],
  });
});

test("suspects go one at a time, each once, and not more wait than the limit", () => {
  const lane = createSuspectLane(2);
  lane.add([run("a"), run("b"), run("a"), run("c")]);
  expect([lane.take()?.runId, lane.take()]).toEqual(["a", null]);
  lane.ended("unrelated");
  expect(lane.take()).toBeNull();
  lane.ended("a");
  expect(lane.take()?.runId).toBe("b");
  lane.ended("b");
  expect(lane.take()).toBeNull();
});
