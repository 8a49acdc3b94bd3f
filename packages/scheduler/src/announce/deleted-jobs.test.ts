import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { jobDeleted } from "@tickline/shared/events/job-event";
import { addRuns, claim } from "@tickline/shared/testing/contracts/store-steps";
import { setup } from "../scheduler-under-test.test-support.ts";
import { createAnnouncer } from "./announcer.ts";

/** A deleted job whose api ended before it came to its runs: one of them runs, two are due. */
async function halfDeleted({ cancelRunning }: { readonly cancelRunning: boolean }) {
  const world = setup();
  const { store, clock } = world;
  const job = await world.addJob({ definition: { overlap: "allow" } });
  const [running] = await addRuns(store, job, { count: 3 });
  await claim(store, [running!], { token: "running", now: clock.now() });
  const [read] = await store.dueJobs.read([job.uid]);
  const next = { ...read!, version: read!.version + 1, state: "deleted" as const, nextRunAt: null };
  await store.jobs.change(job.tenantId, { previous: read!, next, event: jobDeleted(next, { cancelRunning }) });
  const states = async (): Promise<string[]> =>
    (await world.listRuns(job)).map(({ state, cancelRequested }) => `${state}${cancelRequested ? ", to be cancelled" : ""}`).sort();
  return { ...world, states, announcer: createAnnouncer(world.context) };
}

test.each([
  [true, ["cancelled", "cancelled", "running, to be cancelled"]],
  [false, ["cancelled", "cancelled", "running"]],
])("what a deletion left undone is done before its event is sent; cancelRunning %p", async (cancelRunning, expected) => {
  const { announcer, states, publishedTypes, store } = await halfDeleted({ cancelRunning });
  expect(await states()).toEqual(["due", "due", "running"]);
  await announcer.sweep();
  expect(await states()).toEqual(expected);
  expect(publishedTypes()).toContain("JobDeleted");
  expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([]);
});

test("if that cannot be done for a deletion, its event stays, and the others are sent", async () => {
  const { announcer, publishedTypes, store, addJob } = await halfDeleted({ cancelRunning: true });
  await addJob({ id: "other" });
  Object.assign(store.control, { cancelOpen: () => Promise.reject(new Error("this one")) });
  await announcer.sweep();
  expect(publishedTypes().filter((type) => type.startsWith("Job"))).toEqual(["JobCreated", "JobCreated"]);
});
