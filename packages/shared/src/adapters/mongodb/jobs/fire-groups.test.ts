import { expect, test } from "@jest/globals";
import type { Fire } from "../../../domain/fire/fire.ts";
import { editedJob, newJob, MINUTE, START } from "../../../testing/factories.ts";
import { cursorAfterFire, newEntry, newManualFire, newFire } from "../../../testing/factories-fire.ts";
import { groupFires } from "./fire-groups.ts";

const BATCH = { token: "token", now: START };
const groupedUids = (fires: readonly Fire[]) => groupFires(fires, BATCH).map(({ filter }) => filter["_id"]);

test("a thousand jobs of one old instant, new instant and version are one statement", () => {
  const jobs = Array.from({ length: 1_000 }, (_, index) =>
    newJob({ id: `job-${index}`, firedCount: index, definition: { name: `${index}` } }),
  );
  const [change, ...others] = groupFires(
    jobs.map((job) => newFire(job)),
    BATCH,
  );
  expect(others).toEqual([]);
  expect(change?.filter).toMatchObject({ version: { $eq: 1 }, nextRunAt: { $eq: START }, state: { $eq: "active" } });
  expect(change?.filter["_id"]).toEqual({ $in: jobs.map(({ uid }) => uid).sort() });
  expect(change?.update).toMatchObject({ $set: { nextRunAt: START + MINUTE, fireToken: "token" }, $inc: { firedCount: 1 } });
});

test("what differs in version, instant, cursor, tenant or runs is a statement of its own", () => {
  const job = newJob({ id: "a" });
  const fires = [
    newFire(job),
    newFire(editedJob(newJob({ id: "b" }), {})),
    newFire(newJob({ id: "c", nextRunAt: START + 1 })),
    { ...newFire(newJob({ id: "d" })), advance: cursorAfterFire(job, { nextRunAt: START + 2 * MINUTE }) },
    newFire(newJob({ id: "e", tenantId: "other" })),
    newFire(newJob({ id: "f" }), [newEntry(job, { state: "missed", reason: "misfire" })]),
    newManualFire(newJob({ id: "g" }), { at: START, keys: ["k"] }),
  ];
  expect(groupedUids(fires)).toHaveLength(fires.length);
});

test("a manual fire leaves the cursor alone, and needs only that the job lives", () => {
  const [change] = groupFires([newManualFire(newJob(), { at: START, keys: ["k"] })], BATCH);
  expect(change?.filter).toMatchObject({ version: { $eq: 1 }, state: { $ne: "deleted" } });
  expect(change?.filter).not.toHaveProperty("nextRunAt");
  expect(change?.update).toMatchObject({ $set: { fireToken: "token" } });
  expect(change?.update).not.toHaveProperty("$inc");
});

test("a run under its job's own definition names none, one under another names it", () => {
  const job = newJob();
  const entries = [newEntry(job), newEntry(job, { cause: "manual", key: "k", definitionHash: "own" })];
  const [change] = groupFires([{ job, advance: null, entries }], BATCH);
  expect(change?.update).toMatchObject({ $push: { pending: { $each: [{ definitionHash: null }, { definitionHash: "own", key: "k" }] } } });
});
