import { expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Bus } from "@tickline/shared/ports/bus";
import { SECOND, START } from "@tickline/shared/testing/factories";
import { newManualFire } from "@tickline/shared/testing/factories-fire";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createAnnouncer } from "./announcer.ts";

const UNWRITABLE = (): Error => new TypeError("data.slot must be a whole number");
const TOO_LARGE = (): Error => new AppError("bus_unavailable", "the message is too large", { retryable: false });

/** A bus that takes nothing that is about some jobs: by default because its codec cannot write it. */
function setup({ sweepMax = 500, fault = UNWRITABLE }: { readonly sweepMax?: number; readonly fault?: () => Error } = {}) {
  const world = setupScheduler({ config: { sweepMax } });
  const bad = new Set<string>();
  let unavailable = false;
  const said: TicklineEvent[] = [];
  let publishes = 0;
  const publish: Bus["publish"] = async (_, events) => {
    publishes += 1;
    if (unavailable) throw new AppError("bus_unavailable", "unavailable", { retryable: true });
    if (events.some(({ subject }) => bad.has(subject))) throw fault();
    said.push(...events);
  };
  const context = { ...world.context, bus: { ...world.context.bus, publish } };
  return {
    ...world,
    context,
    announcer: createAnnouncer(context),
    bad,
    listSubjects: (type: TicklineEvent["type"]) => said.filter((event) => event.type === type).map(({ subject }) => subject),
    publishes: () => publishes,
    goAway: (gone: boolean) => void (unavailable = gone),
    unsent: async () => (await world.store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 })).map(({ subject }) => subject),
  };
}

test.each([
  ["the codec cannot write it", UNWRITABLE],
  ["the broker refuses it", TOO_LARGE],
])("an event that cannot be published keeps no other in the outbox: %s", async (_, fault) => {
  const at = setup({ fault });
  for (const id of ["a", "bad", "c", "d"]) await at.addJob({ id });
  at.bad.add("bad");
  await at.announcer.sweep();
  expect(at.listSubjects("JobCreated").toSorted()).toEqual(["a", "c", "d"]);
  expect(await at.unsent()).toEqual(["bad"]);
});

test("it is tried again after a wait that doubles, and sent when it can be", async () => {
  const at = setup();
  await at.addJob({ id: "bad" });
  at.bad.add("bad");
  for (let second = 0; second < 60; second += 1) {
    await at.announcer.sweep();
    at.clock.advance(SECOND);
  }
  expect(at.publishes()).toBe(6); // At 0, 1, 3, 7, 15 and 31 s.
  at.bad.clear();
  at.clock.advance(10 * SECOND);
  await at.announcer.sweep();
  expect(at.listSubjects("JobCreated")).toEqual(["bad"]);
});

test("more such events than one sweep reads hide none behind them", async () => {
  const at = setup({ sweepMax: 3 });
  for (let index = 0; index < 8; index += 1) {
    await at.addJob({ id: `bad-${index}` });
    at.bad.add(`bad-${index}`);
  }
  await at.addJob({ id: "good" });
  for (let sweeps = 0; sweeps < 4; sweeps += 1) await at.announcer.sweep();
  expect(at.listSubjects("JobCreated")).toEqual(["good"]);
});

test.each([
  ["the codec cannot write it", UNWRITABLE],
  ["the broker refuses it", TOO_LARGE],
])("an end that cannot be announced keeps no other from it: %s", async (_, fault) => {
  const at = setup({ fault });
  for (const id of ["bad", "good"]) {
    const job = await at.addJob({ id });
    const { outcomes } = await at.store.dueJobs.fire({
      fires: [newManualFire(job, { at: START, keys: ["k"] })],
      now: START,
      claimant: null,
      claimed: [],
    });
    const [outcome] = outcomes;
    const runId = outcome?.kind === "won" ? (outcome.runs[0]?.runId ?? "") : "";
    await at.store.control.cancel("default", { runId, now: START });
  }
  at.bad.add("bad");
  at.clock.advance(10 * SECOND);
  await at.announcer.sweep();
  expect(at.listSubjects("JobCompleted")).toEqual(["good"]);
});

test("what fails of one kind does not keep the others from being done", async () => {
  const at = setup();
  await at.addJob();
  const repair = () => Promise.reject(new AppError("store_corrupt", "a job whose fires cannot be completed"));
  const announcer = createAnnouncer({ ...at.context, dueJobs: { ...at.context.dueJobs, repair } });
  await expect(announcer.sweep()).rejects.toMatchObject({ code: "store_corrupt" });
  expect(at.listSubjects("JobCreated")).toEqual(["job-1"]);
});

test("while the bus is unavailable no event is set aside", async () => {
  const at = setup();
  for (const id of ["a", "b"]) await at.addJob({ id });
  at.goAway(true);
  await expect(at.announcer.sweep()).rejects.toMatchObject({ code: "bus_unavailable" });
  at.goAway(false);
  await at.announcer.sweep();
  expect(at.listSubjects("JobCreated")).toEqual(["a", "b"]);
});
