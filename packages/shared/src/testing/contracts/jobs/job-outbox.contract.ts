import { expect } from "@jest/globals";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { jobEvent } from "../../../events/job-event.ts";
import { SECOND, START } from "../../factories.ts";
import { addJob, changeJob, deleteJob } from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** Events of job writes, until the bus has acknowledged them. */
export const jobOutboxContract = defineContract("JobOutbox", {
  "every write of a job leaves its event, oldest first, until it is sent": async ({ store }) => {
    const job = await addJob(store);
    const edited = await changeJob(store, job, { state: "paused" });
    const deleted = await deleteJob(store, edited, START + SECOND);
    const events = [jobEvent("JobCreated", job), jobEvent("JobUpdated", edited), jobEvent("JobDeleted", deleted)];
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual(events);
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 2 })).toEqual(events.slice(0, 2));
    await store.outbox.sent([events[1]!.id]);
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([events[0], events[2]]);
    await store.outbox.sent([events[0]!.id, events[2]!.id]);
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([]);
  },

  "events of different jobs come oldest first too": async ({ store }) => {
    for (const [age, id] of ["b", "c", "a"].entries()) await addJob(store, { id, updatedAt: START + age });
    const events = await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 });
    expect(events.map(({ subject }) => subject)).toEqual(["b", "c", "a"]);
  },

  "each leader sees the events of its own slots": async ({ store }) => {
    const job = await addJob(store, { slot: 5 });
    expect(await store.outbox.unsent({ shard: { from: 0, to: 5 }, limit: 10 })).toEqual([]);
    expect(await store.outbox.unsent({ shard: { from: 5, to: 6 }, limit: 10 })).toEqual([jobEvent("JobCreated", job)]);
  },

  "to send twice, or what is unknown, is harmless": async ({ store }) => {
    const job = await addJob(store);
    const { id } = jobEvent("JobCreated", job);
    await store.outbox.sent([]);
    await store.outbox.sent(["nothing", `${job.uid}-2-JobUpdated`]);
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toHaveLength(1);
    await store.outbox.sent([id, id]);
    await store.outbox.sent([id]);
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([]);
    const edited = await changeJob(store, job, {});
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([jobEvent("JobUpdated", edited)]);
  },
});
