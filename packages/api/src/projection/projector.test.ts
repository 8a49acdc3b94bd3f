import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { statusOrder, supersedes, type StatusChange } from "@tickline/shared/domain/job/status-change";
import { jobEvent } from "@tickline/shared/events/job-event";
import { newJob, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import fc from "fast-check";
import { buildClaim, ended, FAULT, retrying, started, buildStory } from "./event-story.test-support.ts";
import { createProjector, type ProjectorLimits } from "./projector.ts";
import { toStatusChange } from "./to-status-change.ts";

const jobs = ["a", "b", "c"].map((id) => newJob({ id, uid: `uid-${id}` }));
const [job] = jobs as [(typeof jobs)[0]];

function setup(limits: Partial<ProjectorLimits> = {}) {
  const clock = manualClock(START);
  const applied: (readonly StatusChange[])[] = [];
  const refusedJobs = new Set<string>();
  let fault: Error | null = null;
  let gate: Promise<void> = Promise.resolve();
  const projector = createProjector({
    status: {
      async apply(changes) {
        if (changes.some(({ jobUid }) => refusedJobs.has(jobUid))) throw new AppError("internal", "no such row can be written");
        applied.push(changes);
        await gate;
        if (fault !== null) throw fault;
      },
    },
    clock,
    limits: { projectionPendingMax: 1_000, projectionBatchMax: 1_000, projectionEveryMs: 25, ...limits },
    onPending: () => undefined,
  });
  /** Writes until nothing is pending. */
  const settle = async (): Promise<void> => {
    for (let waitMs = await projector.writeOnce(); waitMs !== null; waitMs = await projector.writeOnce()) clock.advance(waitMs);
  };
  return {
    clock,
    projector,
    applied,
    settle,
    refusedJobs,
    failWith: (next: Error | null) => void (fault = next),
    holdWith: (next: Promise<void>) => void (gate = next),
  };
}

/** What a store that keeps the greatest would show in the end. */
function latest(applied: readonly (readonly StatusChange[])[]): Map<string, StatusChange["lastRun"]> {
  const stored = new Map<string, StatusChange["lastRun"]>();
  for (const { jobUid, lastRun } of applied.flat()) if (supersedes(lastRun, stored.get(jobUid) ?? null)) stored.set(jobUid, lastRun);
  return stored;
}

describe("the status that an event reports", () => {
  const claim = buildClaim(job, 0);
  test("a start, a retry and an end", () => {
    expect(
      [started(claim), retrying(claim), ended(claim), ended(claim, { state: "lost", error: FAULT })].map(toStatusChange),
    ).toMatchObject([
      { jobUid: "uid-a", lastRun: { state: "running", startedAt: START + SECOND, finishedAt: null, error: null } },
      { jobUid: "uid-a", lastRun: { state: "retrying", startedAt: START + SECOND, finishedAt: START + SECOND + 5, error: FAULT } },
      { jobUid: "uid-a", lastRun: { state: "succeeded", startedAt: START + SECOND, finishedAt: START + SECOND + 5, error: null } },
      { jobUid: "uid-a", lastRun: { state: "lost", error: FAULT } },
    ]);
  });

  test("a run that was cancelled before it started has ended all the same", () => {
    const cancelled = ended(claim, { state: "cancelled", reason: "cancelled", startedAt: null });
    expect(toStatusChange(cancelled)).toMatchObject({ jobUid: "uid-a", lastRun: { state: "cancelled", startedAt: null } });
  });

  test("other events report none", () => {
    const skipped = ended(claim, { state: "skipped", reason: "overlap", startedAt: null });
    const missed = ended(claim, { state: "missed", reason: "misfire", startedAt: null });
    expect([skipped, missed, jobEvent("JobCreated", job), jobEvent("JobDeleted", job)].map(toStatusChange)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test("the order without strings is the order of the strings", () => {
    const changes = jobs.flatMap((one) => buildStory(one, 4)).flatMap((event) => toStatusChange(event) ?? []);
    const runs = changes.map(({ lastRun }) => lastRun);
    for (const left of runs) for (const right of runs) expect(supersedes(left, right)).toBe(statusOrder(left) > statusOrder(right));
  });
});

describe("the projector", () => {
  test("whatever the order, the repeats, the batches and the faults, the latest status is stored at the end", async () => {
    const stories = jobs.flatMap((one, index) => buildStory(one, 3 + index));
    const expected = latest([stories.flatMap((event) => toStatusChange(event) ?? [])]);
    const shuffled = fc.shuffledSubarray([...stories, ...stories], { minLength: 2 * stories.length });
    await fc.assert(
      fc.asyncProperty(
        shuffled,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.infiniteStream(fc.boolean()),
        async (events, sizes, faults) => {
          const at = setup({ projectionBatchMax: 2 });
          for (let from = 0, turn = 0; from < events.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            await at.projector.take(events.slice(from, from + size));
            from += size;
            at.failWith(faults.next().value === true ? new AppError("store_unavailable", "away") : null);
            await at.projector.writeOnce().catch(() => undefined);
            at.clock.advance(25);
          }
          at.failWith(null);
          await at.settle();
          expect(latest(at.applied)).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("one write a job, however much happened to it", async () => {
    const at = setup();
    await at.projector.take(jobs.flatMap((one) => buildStory(one, 100)));
    await at.settle();
    expect(at.applied.map(({ length }) => length)).toEqual([3]);
  });

  test("a write does not wait for those that come, and theirs not for each other", async () => {
    const at = setup();
    const gate = Promise.withResolvers<void>();
    at.holdWith(gate.promise);
    await at.projector.take([started(buildClaim(job, 0))]);
    const writing = at.projector.writeOnce();
    await at.projector.take([ended(buildClaim(job, 0))]);
    await at.projector.take([started(buildClaim(job, 1)), ended(buildClaim(job, 1))]);
    expect(at.applied).toHaveLength(1);
    gate.resolve();
    expect(await writing).toBe(25);
    expect(await at.projector.writeOnce()).toBe(25); // Not before its time: a start and its end are mostly one write.
    at.clock.advance(25);
    expect(await at.projector.writeOnce()).toBeNull();
    expect(at.applied.map((batch) => batch.map(({ lastRun }) => lastRun.state))).toEqual([["running"], ["succeeded"]]);
  });

  test("too many pending jobs make the bus wait, until some are written or the service stops", async () => {
    const at = setup({ projectionPendingMax: 2 });
    let taken = 0;
    const take = async (): Promise<void> => {
      await at.projector.take(jobs.map((one) => started(buildClaim(one, 0))));
      taken += 1;
    };
    const waiting = take();
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(0);
    await at.projector.writeOnce();
    await waiting;
    const again = take();
    at.projector.release();
    await again;
    expect(taken).toBe(2);
  });

  test("a status that the store refuses delays no other one, and is not retried for ever", async () => {
    const at = setup();
    at.refusedJobs.add("uid-b");
    await at.projector.take(jobs.map((one) => started(buildClaim(one, 0))));
    await at.settle();
    expect(at.applied.flat().map(({ jobUid }) => jobUid)).toEqual(["uid-a", "uid-c"]);
    expect(at.projector.lagMs()).toBe(0);
  });

  test("large batches are written in parts", async () => {
    const at = setup({ projectionBatchMax: 2 });
    await at.projector.take(jobs.map((one) => started(buildClaim(one, 0))));
    await at.settle();
    expect(at.applied.map(({ length }) => length)).toEqual([2, 1]);
  });

  test("its lag is the age of the oldest event not written", async () => {
    const at = setup();
    expect(at.projector.lagMs()).toBe(0);
    at.clock.advance(MINUTE);
    await at.projector.take([started(buildClaim(job, 0))]);
    expect(at.projector.lagMs()).toBe(MINUTE - SECOND);
    at.failWith(new AppError("store_unavailable", "away"));
    await expect(at.projector.writeOnce()).rejects.toThrow("away");
    expect(at.projector.lagMs()).toBe(MINUTE - SECOND);
    at.failWith(null);
    at.clock.advance(SECOND);
    const writing = at.projector.writeOnce();
    expect(at.projector.lagMs()).toBe(MINUTE);
    await writing;
    expect(at.projector.lagMs()).toBe(0);
  });
});
