import { expect, test } from "@jest/globals";
import type { LastRun } from "@tickline/shared/domain/run/run";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createJobWindow } from "./job-window.ts";

async function setup() {
  const { context, addJob, clock } = setupScheduler();
  const job = await addJob({ nextRunAt: START + SECOND });
  const window = createJobWindow(context);
  await window.refill();
  const take = (): void => {
    clock.advance(SECOND);
    expect(window.takeDue(10)).toHaveLength(1);
  };
  return { job, window, take, known: () => window.heap.get(job.uid)?.lastRun };
}

const endedAt = (scheduledFor: number): LastRun => ({
  runId: `run-${scheduledFor}`,
  state: "succeeded",
  scheduledFor,
  startedAt: scheduledFor,
  finishedAt: scheduledFor,
  attempt: 1,
  error: null,
});

test("the next run of the job knows the end of a run, without the fields that only the event has", async () => {
  const { job, window, known } = await setup();
  const event = { ...endedAt(START), output: "much" };
  window.runEnded(job.uid, event);
  expect(known()).toStrictEqual(endedAt(START));
});

test("the end of an older run whose hint arrives late changes nothing", async () => {
  const { job, window, known } = await setup();
  window.runEnded(job.uid, endedAt(START));
  window.runEnded(job.uid, endedAt(START - MINUTE));
  expect(known()).toEqual(endedAt(START));
});

test("an end that a hint names while the job's fire is in flight is known when the fire is complete", async () => {
  const { job, window, take, known } = await setup();
  take();
  window.runEnded(job.uid, endedAt(START));
  window.advance(job);
  expect(known()).toEqual(endedAt(START));
});

test("of two ends that hints name meanwhile, that of the later run counts, whichever came last", async () => {
  const { job, window, take, known } = await setup();
  take();
  window.runEnded(job.uid, endedAt(START));
  window.runEnded(job.uid, endedAt(START - MINUTE));
  window.advance(job);
  expect(known()).toEqual(endedAt(START));
});

test("a job that is read again before the store knows of the end keeps the end that a hint named", async () => {
  const { job, window, known } = await setup();
  window.runEnded(job.uid, endedAt(START));
  window.reread(job.uid);
  await window.refill();
  expect(known()).toEqual(endedAt(START));
});

test("of a job that is not here nothing is kept", async () => {
  const { context, addJob, clock } = setupScheduler();
  const job = await addJob({ nextRunAt: START + MINUTE });
  const window = createJobWindow(context);
  await window.refill();
  window.runEnded(job.uid, endedAt(START));
  clock.advance(MINUTE);
  await window.refill();
  expect(window.heap.get(job.uid)?.lastRun).toBeNull();
});

test("a job that no hint brought is found behind more jobs in hand than one look reads", async () => {
  const { context, addJob, clock } = setupScheduler();
  const window = createJobWindow(context);
  for (let index = 0; index < 1_200; index += 1) await addJob({ id: `in-hand-${index}`, nextRunAt: START + 1 });
  await window.refill();
  clock.advance(1);
  expect(window.takeDue(2_000)).toHaveLength(1_200); // Held for a worker, or their fires are in flight.
  const overlooked = await addJob({ id: "overlooked", nextRunAt: START + 2 });
  clock.advance(SECOND);
  for (let look = 0; look < 15; look += 1) await window.findOverdue();
  expect(window.heap.has(overlooked.uid)).toBe(true);
});
