import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { turns } from "../executor.test-support.ts";
import { createDueInbox, type Workers } from "./due-inbox.ts";

const run = (runId: string, changes: Partial<DueRun> = {}): DueRun => ({ ...newDueRun(newJob()), runId, ...changes });
const runs = (count: number, prefix = "R"): DueRun[] => Array.from({ length: count }, (_, index) => run(`${prefix}${index}`));

/** Workers for all, less what the test says. */
const workers = (changes: Partial<Workers> = {}): Workers => ({
  hasRoom: () => true,
  isJobFull: () => false,
  admit: () => "claim",
  ...changes,
});
const ids = (some: readonly DueRun[] | undefined): string[] | undefined => some?.map(({ runId }) => runId);

test("a batch is answered when each of its runs is", async () => {
  const inbox = createDueInbox(["default"]);
  let answered = false;
  void inbox.put("default", runs(5)).then(() => (answered = true));
  const parts = [inbox.take(3, workers())?.claimable, inbox.take(3, workers())?.claimable];
  expect(parts.map((part) => part?.runs.length)).toEqual([3, 2]);
  expect({ waiting: inbox.waiting("default"), more: inbox.take(3, workers()) }).toEqual({ waiting: 0, more: null });
  parts[0]?.answered();
  await turns();
  expect(answered).toBe(false);
  parts[1]?.answered();
  await turns();
  expect(answered).toBe(true);
});

test("nine takes of ten go to the first queue that waits, and the tenth goes to the other queues one after another", () => {
  const inbox = createDueInbox(["high", "default", "low"]);
  for (const queue of ["high", "default", "low"]) void inbox.put(queue, runs(100, queue));
  const taken = Array.from({ length: 60 }, () => inbox.take(1, workers())?.claimable.runs[0]?.runId.replace(/\d+/, ""));
  const count = (queue: string) => taken.filter((of) => of === queue).length;
  expect({ high: count("high"), default: count("default"), low: count("low") }).toEqual({ high: 56, default: 2, low: 2 });
});

test("what was not taken when the executor stops is refused; what was taken is answered", async () => {
  const inbox = createDueInbox(["default"]);
  const refused = inbox.put("default", runs(2));
  inbox.take(1, workers());
  inbox.refuse(new Error("stops"));
  await expect(refused).rejects.toThrow("stops");
  expect({ waiting: inbox.waiting("default"), more: inbox.take(1, workers()) }).toEqual({ waiting: 0, more: null });
});

test("a queue without a free worker delays no other, and keeps its order", () => {
  const inbox = createDueInbox(["high", "default"]);
  void inbox.put("high", runs(2, "high"));
  void inbox.put("default", runs(2, "default"));
  const highIsFull = workers({ hasRoom: (queue) => queue !== "high" });
  expect(ids(inbox.take(10, highIsFull)?.claimable.runs)).toEqual(["default0", "default1"]);
  expect(inbox.take(10, highIsFull)).toBeNull();
  expect(ids(inbox.take(10, workers())?.claimable.runs)).toEqual(["high0", "high1"]);
});

test("runs without a worker stay, in order; runs that are dropped are answered", async () => {
  const inbox = createDueInbox(["default"]);
  let answered = false;
  void inbox.put("default", runs(4)).then(() => (answered = true));
  const first = inbox.take(10, workers({ admit: ({ runId }) => (runId === "R0" ? "drop" : runId === "R2" ? "queue_full" : "claim") }));
  expect({ claimable: ids(first?.claimable.runs), waiting: inbox.waiting("default") }).toEqual({ claimable: ["R1"], waiting: 2 });
  const second = inbox.take(10, workers());
  expect(ids(second?.claimable.runs)).toEqual(["R2", "R3"]);
  first?.claimable.answered();
  second?.claimable.answered();
  await turns();
  expect(answered).toBe(true);
});

test("the most urgent runs are taken first, also those of a later batch; each batch is acknowledged alone", async () => {
  const inbox = createDueInbox(["default"]);
  const answered: string[] = [];
  const of = (priority: number) => run(`of-${priority}`, { priority });
  void inbox.put("default", [of(5), of(1), of(6)]).then(() => answered.push("first"));
  void inbox.put("default", [of(9), of(0), run("second of 5")]).then(() => answered.push("second"));
  expect([0, 5, 6, 10].map((priority) => inbox.waiting("default", priority))).toEqual([6, 4, 2, 0]);
  const order = ["of-9", "of-6", "of-5", "second of 5", "of-1", "of-0"];
  for (const runId of order) {
    const taken = inbox.take(10, workers());
    expect(ids(taken?.claimable.runs)).toEqual([runId]);
    taken?.claimable.answered();
    await turns();
    expect(answered).toEqual(runId === "of-0" ? ["first", "second"] : runId === "of-1" ? ["first"] : []);
  }
  expect(inbox.take(10, workers())).toBeNull();
});

test("held runs go before others of their priority, and behind more urgent ones", () => {
  const inbox = createDueInbox(["default"]);
  for (const [runId, priority] of [
    ["low", 3],
    ["plain", 5],
    ["urgent", 8],
  ] as const)
    expect(inbox.hold(run(runId, { priority, jobUid: runId }), 2)).toBe(true);
  void inbox.put("default", [run("new"), run("new and urgent", { priority: 8 })]);
  const taken = Array.from({ length: 5 }, () => ids(inbox.take(10, workers())?.claimable.runs));
  expect(taken).toEqual([["urgent"], ["new and urgent"], ["plain"], ["new"], ["low"]]);
});

test("runs of a full job are returned apart, delay no other run, and are taken first when the job is not full", () => {
  const inbox = createDueInbox(["default"]);
  const [a, b, c] = [run("a", { jobUid: "hung" }), run("b"), run("c", { jobUid: "hung" })];
  void inbox.put("default", [a, b, c]);
  const hungIsFull = workers({
    isJobFull: ({ jobUid }) => jobUid === "hung",
    admit: ({ jobUid }) => (jobUid === "hung" ? "job_full" : "claim"),
  });
  const taken = inbox.take(10, hungIsFull);
  expect({ claimable: ids(taken?.claimable.runs), jobFull: ids(taken?.jobFull.runs) }).toEqual({ claimable: ["b"], jobFull: ["a", "c"] });
  expect([a, c].map((held) => inbox.hold(held, 2))).toEqual([true, true]);
  expect([inbox.hold(a, 2), inbox.hold(run("d", { jobUid: "hung" }), 2)]).toEqual([true, false]);
  expect(inbox.take(10, hungIsFull)).toBeNull();
  void inbox.put("default", [run("e")]);
  expect(ids(inbox.take(10, workers())?.claimable.runs)).toEqual(["a", "c"]);
  expect(ids(inbox.take(10, workers())?.claimable.runs)).toEqual(["e"]);
});
