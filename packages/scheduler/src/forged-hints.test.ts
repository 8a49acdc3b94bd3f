import { describe, expect, test } from "@jest/globals";
import { runIdFloor } from "@tickline/shared/domain/run/run-id";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobEvent } from "@tickline/shared/events/job-event";
import { DAY, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { createJobWindow } from "./fire/job-window.ts";
import { setup as setupPublisher, untilQuiet, watchedStore } from "./publish/publisher-under-test.test-support.ts";
import { setup } from "./scheduler-under-test.test-support.ts";
import { hintFault } from "./scheduler.ts";

const idAt = (scheduledFor: number): string => `${runIdFloor(scheduledFor)}0123456789ABCDEF`;

describe("a claim that only an event reports", () => {
  test("delays no run that was just fired", async () => {
    const { asked, store } = watchedStore();
    const { publisher, fire, publishedRuns } = setupPublisher({ store });
    await publisher.start();
    await untilQuiet();
    const runs = await fire(3);
    asked.length = 0;
    for (const run of runs) publisher.claimed("default", run);
    publisher.fired(runs);
    for (const run of runs) publisher.claimed("default", run);
    await untilQuiet();
    expect(publishedRuns()).toHaveLength(3);
    expect(asked).toEqual([]); // Not found by a look a second later.
    await publisher.stop();
  });

  test("of what was published makes room for a moment: the next poll counts what is unclaimed in the store", async () => {
    const { publisher, fire, publishedRuns, clock, context } = setupPublisher({ config: { windowRunsMax: 4 } });
    await publisher.start();
    await untilQuiet();
    publisher.fired(await fire(10));
    await untilQuiet();
    for (const run of publishedRuns()) publisher.claimed("default", run);
    for (let second = 0; second < 3; second += 1) {
      clock.advance(SECOND);
      await untilQuiet();
    }
    const { default: unclaimed } = await context.dueRuns.unclaimed({ from: 0, to: 1_024 });
    expect(unclaimed).toBeLessThanOrEqual(8);
    expect(publishedRuns().length).toBeLessThanOrEqual(8);
    await publisher.stop();
  });
});

describe("a job that a hint reports as written", () => {
  test("is read, and the store decides whether it belongs to this shard, whatever slot the hint names", async () => {
    const { context, addJob } = setup();
    const job = await addJob({ nextRunAt: START + SECOND });
    const others = { from: job.slot + 1, to: 1_024 };
    const window = createJobWindow({ ...context, shard: others });
    await window.refill();
    expect(window.hint(job.uid, START)).toBe(true);
    await window.refill();
    expect(window.heap.size).toBe(0);
  });

  test("is asked for no more than memory has room, however many are named", async () => {
    const { context, store } = setup({ config: { heapJobsMax: 10 } });
    const asked: string[] = [];
    const read: typeof store.dueJobs.read = async (uids) => {
      asked.push(...uids);
      return store.dueJobs.read(uids);
    };
    const dueJobs = { ...store.dueJobs, read };
    const window = createJobWindow({ ...context, dueJobs });
    await window.refill();
    for (let index = 0; index < 1_000; index += 1) window.hint(`nobody-${index}`, START);
    await window.refill();
    expect(asked).toHaveLength(10);
  });
});

describe("the end of a run that never was", () => {
  const ended = { runId: idAt(START), scheduledFor: START, attempt: 1, tenantId: "default" };
  const event = (changes: object, envelope: object = {}): TicklineEvent =>
    ({
      id: "e",
      type: "JobCompleted",
      source: "x",
      subject: "job",
      time: START,
      tenantId: "default",
      data: { ...ended, ...changes },
      ...envelope,
    }) as TicklineEvent;
  test.each<[string, TicklineEvent, string | null]>([
    ["what may be", event({}), null],
    ["a run by hand, by a clock that is ahead", event({ scheduledFor: START + MINUTE, runId: idAt(START + MINUTE) }), null],
    ["tomorrow's", event({ scheduledFor: START + DAY, runId: idAt(START + DAY) }), "its scheduledFor has not come yet"],
    ["an id of another instant", event({ scheduledFor: START + 1 }), "its runId is not one of its scheduledFor"],
    ["no id at all", event({ runId: "" }), "its runId is not one of its scheduledFor"],
    ["no attempt", event({ attempt: 0 }), "attempts are numbered from 1"],
    ["an envelope of another tenant", event({}, { tenantId: "theirs" }), "its tenant is not that of its envelope"],
    ["news of a job", jobEvent("JobUpdated", { uid: "u", id: "j", version: 1, definition: {} } as never), null],
  ])("%s", (_, hint, fault) => expect(hintFault(hint, START)).toBe(fault));
});
