import { expect, test } from "@jest/globals";
import type { DueRun } from "../../../domain/run/due-run.ts";
import { canonicalJson } from "../../../domain/json/json.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import {
  addJob,
  addRun,
  addRuns,
  claim,
  end,
  pickRunIds,
  only,
  publishable,
  readRun,
  retryIn,
  settle,
  start,
  wake,
} from "../../../testing/contracts/store-steps.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../../../testing/factories.ts";
import { sha256 } from "../../system/digest.ts";
import { memoryContext } from "./memory-rows.test-support.ts";
import { createPorts } from "../ports.ts";
import type { Update } from "./rows.ts";

/** A store over rows that processes of the first release wrote. These processes use the same database until they are replaced. */
function setup() {
  const context = memoryContext();
  const { runs, definitions } = context.rows;
  const store = { ...createPorts(context), ping: async () => ({ now: START }), close: async () => {} };
  return {
    store,
    async rewrite({ runId }: DueRun, update: Update): Promise<void> {
      expect(await runs.updateMany({ _id: { $eq: runId } }, update)).toBe(1);
    },
    rowOf: ({ runId }: DueRun) => runs.all().find(({ _id }) => _id === runId),
    async copyDefinition(id: string, changes: { readonly _id: string; readonly hash: string }): Promise<void> {
      await definitions.insert(definitions.all().flatMap((row) => (row._id === id ? [{ ...row, ...changes }] : [])));
    },
  };
}

test.each(["retrying", "due"])("the lock of a run that is %s has no holder: a claim removes it and goes on", async (state) => {
  const { store, rewrite, rowOf } = setup();
  const job = await addJob(store);
  const stale = await addRun(store, job, { now: START });
  await settle(store, await start(store, stale), { result: state === "due" ? { kind: "released" } : retryIn(HOUR) });
  await rewrite(stale, { $set: { lockKey: 1, ...(state === "due" ? { handler: "removed" } : {}) } });
  const next = await addRun(store, job, { now: START + SECOND, name: "next" });
  const other = await addRun(store, await addJob(store, { id: "other" }));
  const outcomes = await claim(store, [next, other], { token: "next", now: START + MINUTE });
  expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "won"]);
  expect(rowOf(stale)).not.toHaveProperty("lockKey");
});

test("its own lock is not in the way of a run", async () => {
  const { store, rewrite } = setup();
  const run = await addRun(store, await addJob(store));
  await settle(store, await start(store, run), { result: { kind: "released" } });
  await rewrite(run, { $set: { lockKey: 1 } });
  await end(store, await start(store, { ...run, attempt: 2 }, { token: "second" }));
});

test("runs without a policy are exclusive or not, as they say", async () => {
  const { store, rewrite } = setup();
  for (const [overlap, expected] of [
    ["buffer_all", "skipped"],
    ["allow", "won"],
  ] as const) {
    const job = await addJob(store, { id: overlap, definition: { overlap } });
    await start(store, await addRun(store, job));
    const run = await addRun(store, job, { now: START + SECOND, name: "late" });
    await rewrite(run, { $unset: { overlap: "" } });
    expect(only(await claim(store, [run], { token: overlap, now: START + MINUTE })).kind).toBe(expected);
  }
});

test("an end that woke no run is repaired by the next claim, or after a while", async () => {
  const { store, rewrite } = setup();
  const job = await addJob(store);
  const runs: DueRun[] = [];
  for (const index of [0, 1, 2]) runs.push(await addRun(store, job, { now: START + index * SECOND, name: `run-${index}` }));
  await claim(store, runs, { token: "all", now: START + MINUTE });
  await rewrite(runs[0]!, { $unset: { wakes: "" } }); // The first release settles without reading it.
  await end(store, { run: runs[0]!, token: "all", leaseMs: null, startedAt: START }, { now: START + MINUTE });
  expect(await publishable(store)).toEqual([]);
  const fresh = await addRun(store, job, { now: START + HOUR, name: "fresh" });
  expect(only(await claim(store, [fresh], { token: "fresh", now: START + HOUR })).kind).toBe("waiting");
  expect(pickRunIds(await publishable(store))).toEqual([runs[1]!.runId]);
  await rewrite(runs[1]!, { $unset: { wakes: "" } });
  await end(store, await start(store, runs[1]!, { token: "second", now: START + HOUR }), { now: START + HOUR });
  await wake(store, START + 2 * HOUR);
  // The first of them alone; and its end wakes the next.
  expect(pickRunIds(await publishable(store))).toEqual([runs[2]!.runId]);
  const third = await start(store, runs[2]!, { token: "third", now: START + 2 * HOUR });
  expect(await settle(store, third, { result: { kind: "released" }, now: START + 2 * HOUR })).toMatchObject({ ready: "default" });
});

test("runs of schedulers before priorities have the default: they stand between the more and the less urgent ones of others", async () => {
  const { store, rewrite, rowOf } = setup();
  const runs: DueRun[] = [];
  for (const priority of [1, 5, 9]) runs.push(await addRun(store, await addJob(store, { id: `of-${priority}`, definition: { priority } })));
  const old = await addRun(store, await addJob(store, { id: "old", definition: { priority: 9 } }));
  await rewrite(old, { $unset: { raisedBy: "" } }); // Such a scheduler ignores the field of the definition.
  expect(rowOf(runs[1]!)).not.toMatchObject({ raisedBy: expect.anything() });
  const plain = pickRunIds([runs[1]!, old]).toSorted();
  expect(pickRunIds(await publishable(store))).toEqual([runs[2]!.runId, ...plain, runs[0]!.runId]);
  expect(await readRun(store, old)).toMatchObject({ priority: 5 });
  expect(only(await claim(store, [old])).kind).toBe("won");
});

test("a run that became due again without a note of when was not due since it was fired", async () => {
  const { store, rewrite } = setup();
  const run = await addRun(store, await addJob(store));
  await settle(store, await start(store, run, { now: START + DAY }), { result: { kind: "released" }, now: START + DAY });
  await rewrite(run, { $unset: { dueAt: "" } });
  const close = (dueBefore: number) => store.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore, now: START + 2 * DAY, limit: 10 });
  expect(await close(START + DAY)).toEqual([]);
  expect(await close(START + DAY + 1)).toMatchObject([{ runId: run.runId, state: "failed", reason: "retention" }]);
});

test("where the hash of a definition says nothing of what it runs, its row is compared", async () => {
  const { store, rewrite, copyDefinition } = setup();
  const job = await addJob(store, { definition: { overlap: "allow" } });
  const [good, forged, orphan] = (await addRuns(store, job, { count: 3 })) as [DueRun, DueRun, DueRun];
  const definitionHash = sha256(canonicalJson(job.definition)).slice(0, 32);
  await copyDefinition(`${job.uid}/${job.definitionHash}`, { _id: `${job.uid}/${definitionHash}`, hash: definitionHash });
  for (const run of [good, forged]) await rewrite(run, { $set: { definitionHash } });
  await rewrite(orphan, { $set: { definitionHash: "f".repeat(32) } });
  const outcomes = await claim(store, [good, { ...forged, params: { url: "http://evil.example/" } }, orphan]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["won", "refused", "refused"]);
  expect(outcomes[2]).toMatchObject({ reason: expect.stringContaining("not in the store") });
  expect(await readRun(store, forged)).toMatchObject({ state: "due" });
});

test("a cancel that the first release noted stands, and who asked for it stays unknown", async () => {
  const { store, rewrite } = setup();
  const run = await addRun(store, await addJob(store));
  const held = await start(store, run);
  await rewrite(run, { $set: { cancelRequested: true } });
  expect(await store.control.cancel("default", { runId: run.runId, now: START + SECOND })).toEqual({ kind: "requested" });
  expect(await readRun(store, run)).toMatchObject({ state: "running", cancelRequested: true, cancel: null });
  await end(store, held, { result: { kind: "cancelled" }, now: START + SECOND });
  expect(await readRun(store, run)).toMatchObject({ state: "cancelled", cancel: null });
});
