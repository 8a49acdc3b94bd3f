import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AppError } from "../../../domain/app-error.ts";
import type { Job } from "../../../domain/job/job.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { jobEvent } from "../../../events/job-event.ts";
import type { UnreadableRow } from "../../../ports/unreadable.ts";
import { newJob, MINUTE, START } from "../../../testing/factories.ts";
import { cursorAfterFire, newManualFire, newFire } from "../../../testing/factories-fire.ts";
import { newDefinitionRow } from "./definition-row.ts";
import { LOOK_SOON } from "./definitions.ts";
import { createDueJobs } from "./due-jobs.ts";
import { groupFires } from "./fire-groups.ts";
import { type JobRow, newJobRow } from "./job-row.ts";
import { memoryContext, type MemoryContext, type Statement } from "../collections/memory-rows.test-support.ts";
import { completePending } from "./pending-fires.ts";

async function addJobs({ rows }: MemoryContext, jobs: readonly Job[]): Promise<void> {
  await rows.jobs.insert(jobs.map((job) => newJobRow(job, jobEvent("JobCreated", job))));
  const naming = { named: "n", lookAt: LOOK_SOON };
  await rows.definitions.insert(
    jobs.map(({ uid, definitionHash, definition }) => newDefinitionRow({ jobUid: uid, definitionHash }, definition, naming)),
  );
}

/** A fire that has advanced its jobs and come no further. */
async function advance({ rows }: MemoryContext, token: string, jobs: readonly Job[]): Promise<void> {
  const fires = jobs.map((job) => newFire(job));
  expect(await rows.jobs.updateEach(groupFires(fires, { token, now: START }))).toMatchObject({ matched: jobs.length });
}

const readRow = ({ rows }: MemoryContext, { uid }: Job): JobRow => rows.jobs.all().find(({ _id }) => _id === uid) as JobRow;
const pendingTokens = (context: MemoryContext, job: Job): string[] => readRow(context, job).pending.map(({ token }) => token);

/** Instants of a job that have a run, or will have one by what is pending. */
function accountedFor(context: MemoryContext, job: Job): ReadonlySet<number> {
  const runs = context.rows.runs.all().filter(({ jobUid }) => jobUid === job.uid);
  return new Set([...runs, ...readRow(context, job).pending].map(({ scheduledFor }) => scheduledFor));
}

/** As it stands after so many fires. */
const after = (job: Job, fires: number): Job => (fires === 0 ? job : after({ ...job, ...cursorAfterFire(job) }, fires - 1));

const first = newJob({ id: "first" });
const second = newJob({ id: "second" });

/** `first` was read with an older fire pending, before a younger one of both jobs came to it; `second` after that. */
async function setup(before: (statement: Statement) => void = () => {}) {
  const context = memoryContext(before);
  await addJobs(context, [first, second]);
  await advance(context, "older", [first]);
  const early = readRow(context, first);
  await advance(context, "younger", [after(first, 1), second]);
  return { context, read: [early, readRow(context, second)] };
}

describe("entries leave `pending` only where their runs were seen", () => {
  test("a fire that came to one job before it was read, and to another after, stays pending in the other", async () => {
    const { context, read } = await setup();
    expect(read.map(({ pending }) => pending.map(({ token }) => token))).toEqual([["older"], ["younger"]]);
    expect(await completePending(context, read)).toEqual({ repaired: new Set([first.uid, second.uid]), left: [] });
    expect(pendingTokens(context, first)).toEqual(["younger"]);
    expect(pendingTokens(context, second)).toEqual([]);
    await completePending(context, context.rows.jobs.all());
    expect(context.rows.runs.all().map(({ jobUid }) => jobUid)).toEqual([first.uid, second.uid, first.uid]);
    expect(pendingTokens(context, first)).toEqual([]);
  });

  test.each([1, 2, 3, 4])("nothing is lost when both jobs fire again before statement %i of the reader", async (comesBefore) => {
    let statement = 0;
    const fires = { context: null as MemoryContext | null };
    const { context, read } = await setup(() => {
      statement += fires.context === null ? 0 : 1;
      if (fires.context === null || statement !== comesBefore) return;
      fires.context = null;
      void advance(context, "youngest", [after(first, 2), after(second, 1)]);
    });
    fires.context = context;
    await completePending(context, read);
    expect(fires.context).toBeNull();
    expect(accountedFor(context, first).size).toBe(3);
    expect(accountedFor(context, second).size).toBe(2);
  });

  test("readers that meet each job at an instant of its own lose nothing, in whatever order they and fires come", async () => {
    const jobs = [first, second, newJob({ id: "third" })];
    const anyJobs = fc.uniqueArray(fc.nat({ max: jobs.length - 1 }), { minLength: 1 });
    const steps = fc.oneof(
      fc.record({ kind: fc.constant("fire" as const), places: anyJobs }),
      fc.record({ kind: fc.constant("read" as const), places: anyJobs }),
      fc.record({ kind: fc.constant("complete" as const) }),
    );
    const nothingIsLost = fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (taken) => {
      const context = memoryContext();
      await addJobs(context, jobs);
      const fires = jobs.map(() => 0);
      const read = new Map<string, JobRow>();
      for (const [index, step] of taken.entries()) {
        if (step.kind === "complete") await completePending(context, [...read.values()]);
        else if (step.kind === "read") for (const place of step.places) read.set(jobs[place]!.uid, readRow(context, jobs[place]!));
        else {
          const now = step.places.map((place) => after(jobs[place]!, fires[place]!));
          await advance(context, `fire-${index}`, now);
          for (const place of step.places) fires[place]! += 1;
        }
      }
      for (const [place, job] of jobs.entries()) expect(accountedFor(context, job).size).toBe(fires[place]);
    });
    await fc.assert(nothingIsLost, { numRuns: 200 });
  });

  test("of one batch only the jobs whose runs were seen are cleared", async () => {
    const { context, read } = await setup();
    const { runs } = context.rows;
    // The run of `second` stands, inserted by another, and no majority has it yet: it can neither be inserted nor read.
    const unreadable: MemoryContext["rows"]["runs"] = {
      ...runs,
      insert: async (rows) => [...(await runs.insert(rows)), rows.findIndex(({ jobUid }) => jobUid === second.uid)],
      find: async () => [],
    };
    await completePending({ ...context, rows: { ...context.rows, runs: unreadable } }, [readRow(context, first), ...read.slice(1)]);
    expect(pendingTokens(context, first)).toEqual([]);
    expect(pendingTokens(context, second)).toEqual(["younger"]);
  });

  test("a fire takes out its own entries alone", async () => {
    const { context } = await setup();
    const asides: Promise<unknown>[] = [];
    const jobs = createDueJobs({ ...context, aside: (work) => void asides.push(work) });
    const fires = [newManualFire(first, { at: START, keys: ["k", "l"] }), newManualFire(second, { at: START, keys: ["k"] })];
    expect((await jobs.fire({ fires, now: START, claimant: null, claimed: [] })).outcomes).toMatchObject([
      { kind: "won" },
      { kind: "won" },
    ]);
    await Promise.all(asides);
    expect(pendingTokens(context, first)).toEqual(["older", "younger"]);
    expect(pendingTokens(context, second)).toEqual(["younger"]);
  });
});

describe("what cannot be completed keeps nothing else from being completed", () => {
  const LIMIT = 3;
  const harmed = Array.from({ length: 4 * LIMIT }, (_, index) => newJob({ id: `harmed-${index}` }));
  const repair = (context: MemoryContext) => createDueJobs(context).repair({ shard: ALL_SLOTS, firedBefore: START + MINUTE, limit: LIMIT });
  const jobsWithRuns = ({ rows }: MemoryContext) => new Set(rows.runs.all().map(({ jobUid }) => jobUid));

  /** In front of a job with a fire to complete stand several pages of jobs whose entries are these. */
  async function behind(entriesOf: (own: JobRow["pending"]) => readonly unknown[]) {
    const reported: UnreadableRow[] = [];
    const context = memoryContext(undefined, { onUnreadable: (row) => reported.push(row) });
    await addJobs(context, [...harmed, first]);
    await advance(context, "crashed", [...harmed, first]);
    const rows = context.rows.jobs.all().filter(({ _id }) => _id !== first.uid);
    await context.rows.jobs.put(rows.map((row) => ({ ...row, pending: entriesOf(row.pending) as JobRow["pending"] })));
    return { context, reported };
  }

  test.each<[string, (own: JobRow["pending"]) => readonly unknown[]]>([
    ["nothing of which can be read", (own) => own.map((entry) => ({ ...entry, cause: "whim" }))],
    ["which name no batch", (own) => own.map((entry) => ({ ...entry, token: 7 }))],
    ["whose keys are no text", (own) => own.map((entry) => ({ ...entry, key: { torn: true } }))],
    [
      "which share their batch with some that cannot be read",
      (own) => [...own, ...own.map((entry) => ({ ...entry, scheduledFor: "torn" }))],
    ],
  ])("jobs with entries %s", async (_, entriesOf) => {
    const { context } = await behind(entriesOf);
    for (let round = 0; round <= harmed.length / LIMIT; round += 1) await repair(context);
    expect(jobsWithRuns(context)).toContain(first.uid);
    expect(pendingTokens(context, first)).toEqual([]);
  });

  test("jobs whose runs the server refuses: they are reported, and read as any other", async () => {
    const { context, reported } = await behind((own) => own);
    const { runs } = context.rows;
    const refusing: MemoryContext["rows"]["runs"] = {
      ...runs,
      insert: async (rows) => {
        if (rows.some(({ jobUid }) => jobUid !== first.uid)) throw new AppError("internal", "insert runs: it does not fit");
        return runs.insert(rows);
      },
    };
    const broken = { ...context, rows: { ...context.rows, runs: refusing } };
    expect(await repair(broken)).toBe(1);
    expect(jobsWithRuns(context)).toEqual(new Set([first.uid]));
    expect(reported).toContainEqual({ kind: "run", id: expect.any(String), reason: expect.stringContaining("does not fit") });
    expect(await createDueJobs(broken).read([...harmed, first].map(({ uid }) => uid))).toHaveLength(harmed.length + 1);
  });

  test("entries that cannot be read are reported by each reader of their job", async () => {
    const { context, reported } = await behind((own) => own.map((entry) => ({ ...entry, cause: "whim" })));
    await createDueJobs(context).read([harmed[0]!.uid]);
    expect(reported).toEqual([{ kind: "job", id: harmed[0]!.uid, reason: expect.stringContaining("pending") }]);
  });
});
