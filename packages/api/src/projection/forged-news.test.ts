import { describe, expect, test } from "@jest/globals";
import type { ClaimedRun, DueRun } from "@tickline/shared/domain/run/due-run";
import type { LastRun } from "@tickline/shared/domain/run/run";
import { runIdFloor } from "@tickline/shared/domain/run/run-id";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobDue } from "@tickline/shared/events/job-due";
import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Store } from "@tickline/shared/ports/store/store";
import { addRun, end, start } from "@tickline/shared/testing/contracts/store-steps";
import { DAY, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";
import { buildClaim, ended, FAULT, retrying, started } from "./event-story.test-support.ts";

/** An api with a job, and what its status shows once all that was published has been looked at. */
async function setup() {
  let looked = 0;
  const counting = (store: Store): Store => ({
    ...store,
    status: { ...store.status, standing: async (runIds) => ((looked += 1), await store.status.standing(runIds)) },
  });
  const under = await apiUnderTest({ wrapStore: counting });
  await under.call("PUT /jobs/ping", { body: minimalJob });
  const job = await under.store.jobs.get("default", "ping");
  if (job === null) throw new Error("no job");
  /** Publishes, and lets the projection write. */
  async function say(...events: readonly TicklineEvent[]): Promise<void> {
    await under.bus.publish(RUNS_TOPIC, events);
    for (let turn = 0; turn < 30; turn += 1) {
      await new Promise((next) => setImmediate(next));
      under.clock.advance(5);
    }
  }
  const shown = async (): Promise<LastRun | null> => (await under.store.jobs.get("default", "ping"))?.lastRun ?? null;
  const unconfirmed = async () =>
    (await under.metrics.getSingleMetric("tickline_projection_unconfirmed_total")?.get())?.values[0]?.value ?? 0;
  const dead = () => under.bus.deadEvents.map(({ topic, group, reason }) => [topic, group, reason]);
  return { ...under, job, say, shown, unconfirmed, dead, looked: () => looked, [Symbol.asyncDispose]: under.stop };
}

/** A claim as it was never made: the id is derived as ours are, or only looks so. */
const forgedClaim = (claim: ClaimedRun, changes: Partial<DueRun>): ClaimedRun => ({ ...claim, run: { ...claim.run, ...changes } });
const idAt = (scheduledFor: number): string => `${runIdFloor(scheduledFor)}0123456789ABCDEF`;

describe("an event about no run of the store changes no status, and the next true one does", () => {
  type At = Awaited<ReturnType<typeof setup>>;
  const inTenYears = START + 3_650 * DAY;
  test.each<[string, (at: At) => TicklineEvent]>([
    ["a start that never was, by an id derived as ours are", ({ job }) => started(buildClaim(job, 0))],
    ["an end that never was", ({ job }) => ended(buildClaim(job, 1), { state: "failed", error: FAULT })],
    ["a start in ten years", ({ job }) => started(forgedClaim(buildClaim(job, 0), { scheduledFor: inTenYears, runId: idAt(inTenYears) }))],
    ["an attempt beyond all numbers", ({ job }) => retrying(buildClaim(job, 0, 99_999_999))],
  ])("%s", async (_, forge) => {
    await using at = await setup();
    await at.say(forge(at));
    expect([await at.shown(), await at.unconfirmed()]).toEqual([null, 1]);
    const held = await start(at.store, await addRun(at.store, at.job), { now: START + SECOND });
    await at.say(started(held));
    expect(await at.shown()).toMatchObject({ runId: held.run.runId, state: "running" });
    await at.say(forge(at));
    expect(await at.shown()).toMatchObject({ runId: held.run.runId, state: "running" });
    expect(at.dead()).toEqual([]); // Runs that retention has swept look the same.
  });
});

describe("the status of an existing run is what the store holds, whatever an event contains", () => {
  test.each<[string, (claim: ClaimedRun) => TicklineEvent]>([
    ["it has failed", (claim) => ended(claim, { state: "failed", error: FAULT })],
    ["it was cancelled", (claim) => ended(claim, { state: "cancelled" })],
    ["it waits for a retry", (claim) => retrying(claim)],
    ["it is at a later attempt", (claim) => started(forgedClaim(claim, { attempt: 7 }))],
  ])("%s", async (_, forge) => {
    await using at = await setup();
    const held = await start(at.store, await addRun(at.store, at.job), { now: START + SECOND });
    await at.say(forge(held));
    expect(await at.shown()).toMatchObject({ runId: held.run.runId, state: "running", attempt: 1, error: null, finishedAt: null });
    await end(at.store, held, { now: START + 2 * SECOND });
    await at.say(forge(held));
    expect(await at.shown()).toMatchObject({ state: "succeeded", attempt: 1, finishedAt: START + 2 * SECOND });
  });

  test("it is another job's", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/other", { body: minimalJob });
    const other = await at.store.jobs.get("default", "other");
    const held = await start(at.store, await addRun(at.store, other!));
    await at.say(started(forgedClaim(held, { jobUid: at.job.uid, jobId: "ping" })));
    await at.say({ ...started(held), tenantId: "theirs" });
    expect(await at.shown()).toBeNull();
    expect((await at.store.jobs.get("default", "other"))?.lastRun).toBeNull();
  });
});

describe("an event that cannot be about a run becomes a dead letter, and the events beside it are accepted", () => {
  test.each<[string, (claim: ClaimedRun) => TicklineEvent, string]>([
    [
      "an id of another instant",
      (claim) => started(forgedClaim(claim, { scheduledFor: START + 5 })),
      "its runId is not one of its scheduledFor",
    ],
    ["an id that is none", (claim) => started(forgedClaim(claim, { runId: "x" })), "its runId is not one of its scheduledFor"],
    ["an attempt before the first", (claim) => retrying(forgedClaim(claim, { attempt: -3 })), "attempts are numbered from 1"],
    ["an envelope of another tenant", (claim) => ({ ...ended(claim), tenantId: "theirs" }), "its tenant is not that of its envelope"],
    ["an event of another topic", (claim) => jobDue(claim.run, START), "the topic of runs is not for JobDue"],
  ])("%s", async (_, forge, reason) => {
    await using at = await setup();
    const held = await start(at.store, await addRun(at.store, at.job));
    await at.say(forge(held), started(held));
    expect(at.dead()).toEqual([[RUNS_TOPIC, "api-projection", reason]]);
    expect(await at.shown()).toMatchObject({ runId: held.run.runId, state: "running" });
  });
});

test("many events cost one look a batch", async () => {
  await using at = await setup();
  const held = await start(at.store, await addRun(at.store, at.job));
  await at.say(...Array.from({ length: 500 }, (_, minute) => started(buildClaim(at.job, minute - 1_000))), started(held));
  expect(at.looked()).toBe(1);
  expect(await at.shown()).toMatchObject({ runId: held.run.runId });
});
