import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { newFire } from "@tickline/shared/testing/factories-fire";
import { SECOND } from "@tickline/shared/testing/factories";
import { untilQuiet } from "../publish/publisher-under-test.test-support.ts";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createAnnouncer } from "./announcer.ts";

/** A leader over a store that has something of each kind, and a bus of which one topic never answers. */
async function setup(silentTopic: string) {
  let crashes = 0;
  const scheduler = setupScheduler({ faults: { crashBeforeRuns: () => (crashes -= 1) >= 0 } });
  const { deps, store, clock, addJob, listRuns } = scheduler;
  const bus: typeof deps.bus = {
    ...deps.bus,
    publish: (topic, events) => (topic === silentTopic ? new Promise(() => undefined) : deps.bus.publish(topic, events)),
  };
  const announcer = createAnnouncer({ ...scheduler.context, bus });
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += SECOND) {
      clock.advance(SECOND);
      await untilQuiet();
    }
  };
  return {
    announcer,
    pass,
    unsent: () => store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 }),
    unannounced: () => store.announcements.unannounced({ shard: ALL_SLOTS, endedBefore: Infinity, limit: 10 }),
    /** A job, whose event is in the outbox. */
    addJob: (id: string) => addJob({ id }),
    async addEndedRun(id: string) {
      const job = await addJob({ id });
      await store.dueJobs.fire({ fires: [newFire(job)], now: clock.now(), claimant: null, claimed: [] });
      const [run] = await listRuns(job);
      await store.control.cancel(job.tenantId, { runId: run?.runId ?? "", now: clock.now() });
    },
    async addUnfinishedFire(id: string) {
      const job = await addJob({ id });
      crashes = 1;
      await expect(store.dueJobs.fire({ fires: [newFire(job)], now: clock.now(), claimant: null, claimed: [] })).rejects.toThrow("crashed");
      return { runs: () => listRuns(job) };
    },
    async stop() {
      const stopped = announcer.stop();
      await untilQuiet();
      await pass(SCHEDULER_DEFAULTS.publishStopMs);
      await stopped;
    },
  };
}

test("while the topic of jobs never answers, ends of runs are announced and fires are repaired", async () => {
  const { announcer, pass, unsent, unannounced, addJob, addEndedRun, addUnfinishedFire, stop } = await setup(JOBS_TOPIC);
  await addJob("unsaid");
  await announcer.start();
  await untilQuiet();
  await addEndedRun("ended");
  const unfinished = await addUnfinishedFire("unfinished");
  await pass(SCHEDULER_DEFAULTS.sweepMs);
  expect(await unannounced()).toEqual([]);
  await pass(SCHEDULER_DEFAULTS.repairAfterMs + SCHEDULER_DEFAULTS.sweepMs);
  expect(await unfinished.runs()).toHaveLength(1);
  expect((await unsent()).length).toBeGreaterThan(0);
  await stop();
});

test("while the topic of runs never answers, events of jobs are sent and fires are repaired", async () => {
  const { announcer, pass, unsent, unannounced, addJob, addEndedRun, addUnfinishedFire, stop } = await setup(RUNS_TOPIC);
  await addEndedRun("ended");
  await announcer.start();
  await pass(SCHEDULER_DEFAULTS.sweepMs);
  await addJob("said");
  const unfinished = await addUnfinishedFire("unfinished");
  await pass(SCHEDULER_DEFAULTS.sweepMs);
  expect(await unsent()).toEqual([]);
  await pass(SCHEDULER_DEFAULTS.repairAfterMs + SCHEDULER_DEFAULTS.sweepMs);
  expect(await unfinished.runs()).toHaveLength(1);
  expect(await unannounced()).toHaveLength(1);
  await stop();
});
