import { expect } from "@jest/globals";
import type { Job } from "../../../domain/job/job.ts";
import { START } from "../../factories.ts";
import { newDueRun, newManualFire, newFire } from "../../factories-fire.ts";
import { addJob, countKind, fire, publishable, race, readJob } from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

/** Two leaders, a slow leader and a fast one, an edit and a fire: only the first one wins. */
export const fireRacesContract = defineContract("DueJobs.fire in races", {
  "of many fires of one instant exactly one wins": async ({ store }) => {
    const job = await addJob(store);
    const outcomes = await race(() => fire(store, newFire(job)));
    expect(countKind(outcomes, "won")).toBe(1);
    expect(await publishable(store)).toEqual([newDueRun(job)]);
    expect((await readJob(store, job)).firedCount).toBe(1);
  },

  "of many batches over the same jobs each job is won once": async ({ store }) => {
    const jobs: Job[] = [];
    for (let index = 0; index < 10; index += 1) jobs.push(await addJob(store, { id: `job-${index}` }));
    const results = await race((racer) => {
      const order = racer % 2 === 0 ? jobs : [...jobs].reverse();
      return store.dueJobs.fire({ fires: order.map((job) => newFire(job)), now: START, claimant: null, claimed: [] });
    });
    expect(
      countKind(
        results.flatMap(({ outcomes }) => outcomes),
        "won",
      ),
    ).toBe(10);
    expect(await publishable(store)).toHaveLength(10);
  },

  "many manual fires with one key make one run": async ({ store }) => {
    const job = await addJob(store);
    const outcomes = await race(() => fire(store, newManualFire(job, { at: START, keys: ["k"] })));
    expect(countKind(outcomes, "won")).toBe(outcomes.length);
    expect(await publishable(store)).toHaveLength(1);
  },
});
