import { expect } from "@jest/globals";
import fc from "fast-check";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { LastRun } from "../../../domain/run/run.ts";
import type { RunState } from "../../../domain/run/run-state.ts";
import { latestOfEach, type StatusChange } from "../../../domain/job/status-change.ts";
import { runEnded } from "../../../events/job-ended.ts";
import type { SettledPart } from "../../../ports/jobs/job-status.ts";
import type { Store } from "../../../ports/store/store.ts";
import { newJob, MINUTE, SECOND, START } from "../../factories.ts";
import { newEntry, runIdOfEntry, newFire } from "../../factories-fire.ts";
import {
  addJob,
  addJobWithRun,
  addRun,
  addRuns,
  claim,
  deleteJob,
  end,
  toStatusChanges,
  FAILURE,
  fire,
  pickRunIds,
  readJob,
  retryIn,
  settle,
  start,
  unannounced,
} from "../store-steps.ts";
import { defineContract } from "../store-subject.ts";

const SHUFFLES = 20;
const PARTS_MAX = 100;

const buildLastRun = (overrides: Partial<LastRun> = {}): LastRun => ({
  runId: runIdOfEntry(newJob(), newEntry(newJob(), { scheduledFor: overrides.scheduledFor ?? START })),
  state: "succeeded",
  scheduledFor: START,
  startedAt: START,
  finishedAt: START + SECOND,
  attempt: 1,
  error: null,
  ...overrides,
});

const change = (lastRun: LastRun, jobUid = newJob().uid): StatusChange => ({ tenantId: "default", jobUid, lastRun });

/** The changes of three runs, in the order of their precedence. */
const history: readonly LastRun[] = [0, 1, 2].flatMap((run) =>
  (["running", "retrying", "running", "succeeded"] as const satisfies readonly RunState[]).map((state, step) =>
    buildLastRun({ scheduledFor: START + run * MINUTE, attempt: step < 2 ? 1 : 2, state }),
  ),
);

/** All parts that are not empty. */
async function settledSince(store: Store, since: number, limit: number, until = Number.MAX_SAFE_INTEGER): Promise<StatusChange[][]> {
  const parts: StatusChange[][] = [];
  let after: string | null = null;
  for (let asked = 0; asked < PARTS_MAX; asked += 1) {
    const part: SettledPart = await store.status.settledSince({ since, until, after, limit });
    if (part.changes.length > 0) parts.push([...part.changes]);
    after = part.next;
    if (after === null) return parts;
  }
  throw new Error("the parts do not end");
}

/** The read state of jobs. */
export const jobStatusContract = defineContract("JobStatus", {
  "a change sets status and last run, and nothing else": async ({ store }) => {
    const job = await addJob(store);
    const lastRun = buildLastRun({ state: "failed", error: { code: "http_status", message: "500", retryable: true } });
    await store.status.apply([change(lastRun)]);
    const projected = { ...job, status: "failed", lastRun };
    expect(await store.jobs.get("default", job.id)).toEqual(projected);
    expect(await readJob(store, job)).toEqual(projected);
  },

  "neither a fire nor an edit notices": async ({ store }) => {
    const job = await addJob(store);
    await store.status.apply([change(buildLastRun())]);
    expect((await fire(store, newFire(job))).kind).toBe("won");
    expect(await readJob(store, job)).toMatchObject({ status: "succeeded", lastRun: buildLastRun() });
  },

  "a smaller or equal change changes nothing": async ({ store }) => {
    const job = await addJob(store);
    const stored = buildLastRun({ scheduledFor: START + MINUTE, attempt: 2, state: "retrying" });
    await store.status.apply([change(stored)]);
    const smaller = [
      { ...stored, finishedAt: START + MINUTE },
      { ...stored, state: "running" as const },
      { ...stored, attempt: 1, state: "failed" as const },
      buildLastRun({ scheduledFor: START, attempt: 9 }),
      { ...stored, runId: "0".repeat(26), state: "succeeded" as const },
    ];
    for (const lastRun of smaller) await store.status.apply([change(lastRun)]);
    expect((await readJob(store, job)).lastRun).toEqual(stored);
    await store.status.apply([change({ ...stored, attempt: 10, state: "running" })]);
    expect((await readJob(store, job)).status).toBe("running");
  },

  "whatever the order and however often, the latest stands": async ({ store }) => {
    let world = 0;
    const shuffles = fc.shuffledSubarray([...history, ...history], { minLength: 2 * history.length });
    await fc.assert(
      fc.asyncProperty(shuffles, fc.integer({ min: 1, max: 5 }), async (changes, batch) => {
        world += 1;
        const job = await addJob(store, { id: `job-${world}` });
        for (let index = 0; index < changes.length; index += batch) {
          await store.status.apply(latestOfEach(changes.slice(index, index + batch).map((lastRun) => change(lastRun, job.uid))));
          expect((await readJob(store, job)).lastRun).not.toBeNull();
        }
        expect(await readJob(store, job)).toMatchObject({ status: "succeeded", lastRun: history.at(-1)! });
      }),
      { numRuns: SHUFFLES },
    );
  },

  "a batch changes each of its jobs; unknown jobs and jobs of others do not matter": async ({ store }) => {
    const one = await addJob(store, { id: "one" });
    const two = await addJob(store, { id: "two" });
    await store.status.apply([]);
    await store.status.apply([
      change(buildLastRun({ state: "running" }), one.uid),
      change(buildLastRun(), "unknown"),
      { ...change(buildLastRun(), two.uid), tenantId: "other" },
    ]);
    expect((await readJob(store, one)).status).toBe("running");
    expect((await readJob(store, two)).status).toBe("pending");
  },

  "runs that ran, or were cancelled, are settled, by when they were": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [late, early, retrying, due] = await addRuns(store, job, { count: 4 });
    const lateEnd = await end(store, await start(store, late!, { token: "late" }), { now: START + MINUTE, result: FAILURE });
    const earlyEnd = await end(store, await start(store, early!, { token: "early" }), { now: START + SECOND });
    await settle(store, await start(store, retrying!), { result: retryIn(MINUTE) });
    const cancelled = await store.control.cancel("default", { runId: due!.runId, now: START + 2 * SECOND });
    if (cancelled.kind !== "cancelled") throw new Error(`it was ${cancelled.kind}`);
    await fire(store, newFire(job, [newEntry(job, { state: "skipped", reason: "expired" })]));
    const all = toStatusChanges([earlyEnd, cancelled.run, lateEnd]);
    expect(await settledSince(store, 0, 10)).toEqual([all]);
    expect(await settledSince(store, START + SECOND, 10)).toEqual([all]);
    expect(await settledSince(store, START + SECOND + 1, 10)).toEqual([toStatusChanges([cancelled.run, lateEnd])]);
    expect((await settledSince(store, START + MINUTE + 1, 10)).flat()).toEqual([]);
  },

  "whatever became of a run, its job's status is what its event says, and what the fold of settled runs says": async ({ store }) => {
    const now = START + MINUTE;
    const ends: Readonly<Record<string, (run: DueRun, job: Job) => Promise<unknown>>> = {
      succeeded: async (run) => end(store, await start(store, run)),
      failed: async (run) => end(store, await start(store, run), { result: FAILURE }),
      "cancelled before it started": (run) => store.control.cancel("default", { runId: run.runId, now }),
      "cancelled between two attempts": async (run) => {
        await settle(store, await start(store, run), { result: retryIn(MINUTE) });
        await store.control.cancel("default", { runId: run.runId, now });
      },
      "cancelled after it was given back": async (run) => {
        await settle(store, await start(store, run), { result: { kind: "released" } });
        await store.control.cancel("default", { runId: run.runId, now });
      },
      "closed for its age": (run) => claim(store, [run], { now, firedAfter: now }),
      missed: (_run, job) => fire(store, newFire(job, [newEntry(job, { state: "missed", reason: "misfire" })])),
    };
    for (const [id, finish] of Object.entries(ends)) {
      const { job, run } = await addJobWithRun(store, { id: id.replaceAll(" ", "-") });
      await finish(run, job);
    }
    const events = (await unannounced(store)).map((run) => runEnded(run, "tickline/scheduler"));
    const said = toStatusChanges(events.flatMap((event) => (event.type === "JobCompleted" ? [event.data] : [])));
    const folded = (await settledSince(store, START, 10)).flat();
    expect(said).toHaveLength(5);
    expect(new Set(folded.map(({ lastRun }) => JSON.stringify(lastRun)))).toEqual(
      new Set(said.map(({ lastRun }) => JSON.stringify(lastRun))),
    );
    await store.status.apply(folded);
    const shown = await Promise.all(Object.keys(ends).map((id) => store.jobs.get("default", id.replaceAll(" ", "-"))));
    const statuses = ["succeeded", "failed", "cancelled", "cancelled", "cancelled", "pending", "pending"];
    expect(shown.map((job) => job?.status)).toEqual(statuses);
  },

  "a run cancelled while it waited for a retry had started, and says so": async ({ store }) => {
    const run = await addRun(store, await addJob(store));
    await settle(store, await start(store, run), { result: retryIn(MINUTE) });
    await store.control.cancel("default", { runId: run.runId, now: START + SECOND });
    expect((await settledSince(store, START, 10)).flat()).toMatchObject([
      { lastRun: { runId: run.runId, state: "cancelled", startedAt: START } },
    ]);
  },

  "settled runs come in parts, each once, also when many share an instant": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 11 });
    for (const [index, run] of runs.entries()) {
      await end(store, await start(store, run, { token: run.runId }), { now: START + (index % 2) });
    }
    for (const limit of [1, 4, 11, 12]) {
      const parts = await settledSince(store, START, limit);
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(limit);
      const settled = parts.flat().map(({ lastRun }) => lastRun);
      expect(pickRunIds(settled).sort()).toEqual(pickRunIds(runs).sort());
      const instants = settled.map(({ finishedAt }) => finishedAt ?? 0);
      expect(instants).toEqual(instants.toSorted((left, right) => left - right));
    }
  },

  "settled runs are returned up to an instant, that one excluded, and what is settled meanwhile is left out": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const runs = await addRuns(store, job, { count: 8 });
    const endAt = async (index: number, now: number) => end(store, await start(store, runs[index]!, { token: `token-${index}` }), { now });
    const before = [await endAt(0, START), await endAt(1, START + 1), await endAt(2, START + 2)];
    const atEnd = await endAt(3, START + 3);
    const range = { since: START, until: START + 3, limit: 1 };
    const found: StatusChange[] = [];
    let after: string | null = null;
    for (let asked = 0; asked === 0 || after !== null; asked += 1) {
      expect(asked).toBeLessThan(PARTS_MAX);
      if (asked > 0 && asked <= 4) await endAt(3 + asked, START + 3 + asked);
      const part: SettledPart = await store.status.settledSince({ ...range, after });
      found.push(...part.changes);
      after = part.next;
    }
    expect(found).toEqual(toStatusChanges(before));
    expect((await settledSince(store, START + 3, 1, START + 4)).flat()).toEqual(toStatusChanges([atEnd]));
    expect(await settledSince(store, START + 3, 1, START + 3)).toEqual([]);
  },

  "runs that never ran do not stand in the way of those behind them": async ({ store }) => {
    const job = await addJob(store, { definition: { overlap: "allow" } });
    const [run] = await addRuns(store, job, { count: 1 });
    for (let batch = 0; batch < 3; batch += 1) {
      const entries = Array.from({ length: 30 }, (_, index) =>
        newEntry(job, { cause: "manual", key: `${batch}-${index}`, state: "missed", reason: "misfire" }),
      );
      await fire(store, { job, advance: null, entries });
    }
    const ended = await end(store, await start(store, run!), { now: START + 1 });
    expect(await settledSince(store, START, 1)).toEqual([toStatusChanges([ended])]);
  },

  "what was settled is still there when its job is deleted": async ({ store }) => {
    const job = await addJob(store);
    const ended = await end(store, await start(store, await addRun(store, job)));
    await deleteJob(store, job);
    expect(await settledSince(store, 0, 10)).toEqual([toStatusChanges([ended])]);
    await store.status.apply(toStatusChanges([ended]));
    expect(await store.jobs.get("default", job.id)).toBeNull();
  },

  "the watermark begins at 0 and never moves back": async ({ store }) => {
    expect(await store.status.watermark()).toBe(0);
    await store.status.advance(START);
    expect(await store.status.watermark()).toBe(START);
    await store.status.advance(START - SECOND);
    expect(await store.status.watermark()).toBe(START);
    await Promise.all([store.status.advance(START + 2), store.status.advance(START + 3), store.status.advance(START + 1)]);
    expect(await store.status.watermark()).toBe(START + 3);
  },
});
