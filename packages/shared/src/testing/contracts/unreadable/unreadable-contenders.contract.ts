import { expect } from "@jest/globals";
import { editedJob, SECOND, START } from "../../factories.ts";
import { addJob, addRun, changeJob, claim, end, pickRunIds, only, publishable, start, wake } from "../store-steps.ts";
import { defineContract, type Harm, type StoreContext } from "../store-subject.ts";

const LATER = START + SECOND;
const HARMS = ["no definition", "torn definition"] as const satisfies readonly Harm["what"][];

/** A job with a run in progress and an older one that waits for it, both with an unreadable definition; a younger one waits for them. */
async function behindUnreadable({ store, subject }: StoreContext, what: Harm["what"]) {
  const job = await addJob(store, { id: what.replace(" ", "-") });
  const held = await start(store, await addRun(store, job, { now: START, name: "holder" }), { now: LATER });
  const older = await addRun(store, job, { now: LATER - 2, name: "older" });
  expect(await claim(store, [older], { token: "older", now: LATER })).toMatchObject([{ kind: "waiting" }]);
  await subject.damage(store, { what, of: job.uid });
  const edited = await changeJob(store, job, editedJob(job, { params: { url: "http://127.0.0.1/other" } }));
  const younger = await addRun(store, edited, { now: LATER - 1, name: "younger" });
  expect(await claim(store, [younger], { token: "younger", now: LATER })).toMatchObject([{ kind: "waiting" }]);
  return { held, younger };
}

/** Runs that no executor can run, of a job with other runs: the job has got another definition since. */
export const unreadableContendersContract = defineContract("claims beside runs of the same job that cannot be read", {
  "a run starts although an older one, which cannot be read, has not": async ({ store, subject }) => {
    for (const what of HARMS) {
      const job = await addJob(store, { id: what.replace(" ", "-") });
      await addRun(store, job, { now: START, name: "older" });
      await subject.damage(store, { what, of: job.uid });
      const edited = await changeJob(store, job, editedJob(job, { params: { url: "http://127.0.0.1/other" } }));
      const younger = await addRun(store, edited, { now: LATER, name: "younger" });
      expect(only(await claim(store, [younger], { token: what, now: LATER })).kind).toBe("won");
    }
  },

  "a run starts although an older one is in a state that this version does not know": async ({ store, subject }) => {
    const job = await addJob(store);
    const older = await addRun(store, job, { name: "older" });
    await subject.damage(store, { what: "unknown run state", of: older.runId });
    const younger = await addRun(store, job, { now: LATER, name: "younger" });
    expect(only(await claim(store, [younger], { now: LATER })).kind).toBe("won");
  },

  "the end of the run in progress wakes a run that can be read": async (context) => {
    const { store } = context;
    for (const what of HARMS) {
      const { held, younger } = await behindUnreadable(context, what);
      await end(store, held, { now: LATER });
      expect(pickRunIds(await publishable(store))).toEqual([younger.runId]);
      const won = await start(store, younger, { token: what, now: LATER });
      await end(store, won, { now: LATER });
    }
  },

  "a run whose wake was lost is looked at again, whatever waits before it": async (context) => {
    const { store } = context;
    for (const what of HARMS) {
      const { held, younger } = await behindUnreadable(context, what);
      await wake(store, LATER + 10 * SECOND);
      expect(pickRunIds(await publishable(store))).toContain(younger.runId);
      await end(store, held, { now: LATER + 10 * SECOND });
      await end(store, await start(store, younger, { token: what, now: LATER + 10 * SECOND }), { now: LATER + 10 * SECOND });
    }
  },
});
