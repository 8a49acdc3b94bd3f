import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import type { StatusChange } from "@tickline/shared/domain/job/status-change";
import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { JobStatus } from "@tickline/shared/ports/jobs/job-status";
import { addJob, addRun, end, start } from "@tickline/shared/testing/contracts/store-steps";
import { SETTLE_MS_MAX, STATEMENT_MS_MAX, STORE_TIME_DIFFERENCE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import { HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import fc from "fast-check";
import { API_DEFAULTS } from "../api-config.ts";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";
import { ended, started } from "./event-story.test-support.ts";
import { createSettledFold } from "./settled-fold.ts";

/** The real port, telling of each write. */
function heardStatus(status: JobStatus) {
  const applied: (readonly StatusChange[])[] = [];
  let next = Promise.withResolvers<void>();
  const heard: JobStatus = {
    ...status,
    async apply(changes) {
      await status.apply(changes);
      applied.push(changes);
      next.resolve();
    },
  };
  const written = async (): Promise<void> => {
    await next.promise;
    next = Promise.withResolvers<void>();
  };
  return { heard, applied, written };
}

describe("the status of a job", () => {
  test("follows the events of its runs, also those that tell nothing new", async () => {
    let written = (): Promise<void> => Promise.resolve();
    const under = await apiUnderTest({
      wrapStore(store) {
        const status = heardStatus(store.status);
        written = status.written;
        return { ...store, status: status.heard };
      },
    });
    await under.call("PUT /jobs/ping", { body: minimalJob });
    const job = await under.store.jobs.get("default", "ping");
    if (job === null) throw new Error("no job");
    const shown = async () => {
      const { status, lastRunAt, lastRun, version } = (await under.call("GET /jobs/ping")).body;
      return [status, lastRunAt, lastRun?.durationMs ?? null, version];
    };
    const claim = await start(under.store, await addRun(under.store, job), { now: START + SECOND });
    expect(await shown()).toEqual(["pending", null, null, 1]);
    await under.bus.publish(RUNS_TOPIC, [started(claim)]);
    await written();
    expect(await shown()).toEqual(["running", "2026-01-05T12:00:01.000Z", null, 1]);
    under.clock.advance(SECOND);
    await end(under.store, claim, { now: START + SECOND + 5 });
    await under.bus.publish(RUNS_TOPIC, [ended(claim), started(claim), ended(claim)]);
    await written();
    expect(await shown()).toEqual(["succeeded", "2026-01-05T12:00:01.000Z", 5, 1]);
    await under.stop();
  });

  test("is made good once a minute for what the bus lost", async () => {
    let written = (): Promise<void> => Promise.resolve();
    const under = await apiUnderTest({
      wrapStore(store) {
        const status = heardStatus(store.status);
        written = status.written;
        return { ...store, status: status.heard };
      },
    });
    const job = await addJob(under.store, { id: "ping" });
    const claim = await start(under.store, await addRun(under.store, job));
    await end(under.store, claim); // No event reports it.
    under.clock.advance(MINUTE);
    await written();
    expect((await under.call("GET /jobs/ping")).body.status).toBe("succeeded");
    await under.stop();
  });
});

describe("the fold of settled runs", () => {
  const limits = { foldEveryMs: 60_000, foldOverlapMs: 10_000, foldRunsMax: 2 };
  function setup() {
    const clock = manualClock(START);
    const store = createMemoryStore({ clock, digest: sha256 });
    const status = heardStatus(store.status);
    const fold = createSettledFold({ status: status.heard, ping: store.ping, clock }, limits);
    /** One pass, however many rounds it takes. Returns how many they were. */
    const pass = async (): Promise<number> => {
      for (let rounds = 1; ; rounds += 1) if ((await fold()) === limits.foldEveryMs) return rounds;
    };
    return { clock, store, ...status, fold, pass };
  }

  test("reads a part a round, and moves the watermark when it has read all", async () => {
    const at = setup();
    for (let index = 0; index < 5; index += 1) {
      const job = await addJob(at.store, { id: `job-${index}` });
      await end(at.store, await start(at.store, await addRun(at.store, job)));
    }
    at.clock.advance(SECOND);
    await at.fold();
    expect(await at.store.status.watermark()).toBe(0);
    expect((await at.pass()) + 1).toBeGreaterThanOrEqual(3);
    expect(await at.store.status.watermark()).toBe(START + SECOND);
    const { items } = await at.store.jobs.list("default", { limit: 10, cursor: null });
    expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "succeeded"));
  });

  test("begins before the watermark by the overlap, so that a write that took long is found", async () => {
    const at = setup();
    const job = await addJob(at.store);
    await end(at.store, await start(at.store, await addRun(at.store, job)));
    at.clock.advance(9_000);
    await at.store.status.advance(START + 9_000);
    await at.pass();
    expect(at.applied.flat()).toHaveLength(1);
  });

  test("does not read anew what is long folded", async () => {
    const at = setup();
    const job = await addJob(at.store);
    await end(at.store, await start(at.store, await addRun(at.store, job)));
    for (let minute = 0; minute < 3; minute += 1) {
      await at.pass();
      if (minute < 2) at.clock.advance(MINUTE);
    }
    expect(at.applied.flat()).toHaveLength(1);
    expect(await at.store.status.watermark()).toBe(START + 2 * MINUTE);
  });

  test("continues where it was after a fault", async () => {
    const at = setup();
    for (let index = 0; index < 4; index += 1) {
      const job = await addJob(at.store, { id: `job-${index}` });
      await end(at.store, await start(at.store, await addRun(at.store, job)));
    }
    let away = false;
    const flaky: JobStatus = {
      ...at.heard,
      settledSince: (query) => (away ? Promise.reject(new Error("away")) : at.heard.settledSince(query)),
    };
    const fold = createSettledFold({ status: flaky, ping: at.store.ping, clock: at.clock }, limits);
    at.clock.advance(SECOND);
    await fold();
    away = true;
    await expect(fold()).rejects.toThrow("away");
    expect(await at.store.status.watermark()).toBe(0);
    away = false;
    while ((await fold()) !== limits.foldEveryMs);
    expect(at.applied.flat()).toHaveLength(4);
    expect(await at.store.status.watermark()).toBe(START + SECOND);
  });

  test("continues after a status that is refused each time, and folds the others", async () => {
    const at = setup();
    for (const id of ["bad", "good"]) {
      const job = await addJob(at.store, { id });
      await end(at.store, await start(at.store, await addRun(at.store, job)));
    }
    const refusing: JobStatus = {
      ...at.heard,
      apply: (changes) =>
        changes.some(({ jobUid }) => jobUid.includes("bad"))
          ? Promise.reject(new AppError("internal", "refused"))
          : at.heard.apply(changes),
    };
    const fold = createSettledFold({ status: refusing, ping: at.store.ping, clock: at.clock }, limits);
    at.clock.advance(SECOND);
    let refusals = 0;
    for (let waitMs = 0; waitMs !== limits.foldEveryMs;) waitMs = await fold().catch(() => (refusals += 1));
    expect(refusals).toBe(4);
    expect((await at.store.jobs.get("default", "good"))?.status).toBe("succeeded");
    expect(await at.store.status.watermark()).toBe(START + SECOND);
  });

  /** Between two rounds: how far the clock moves, and how many runs are settled then. */
  const load = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 20_000 }), runs: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 30,
    maxLength: 30,
  });

  test("a pass ends although more is settled all the time, and each settled run is folded in the end", async () => {
    await fc.assert(
      fc.asyncProperty(load, async (steps) => {
        const at = setup();
        const settled = new Map<string, number>();
        let passes = 0;
        const settle = async (count: number): Promise<void> => {
          for (let index = 0; index < count; index += 1) {
            const job = await addJob(at.store, { id: `job-${settled.size}` });
            const ended = await end(at.store, await start(at.store, await addRun(at.store, job)), { now: at.clock.now() });
            settled.set(ended.runId, at.clock.now());
          }
        };
        await settle(3);
        for (const { ms, runs } of steps) {
          at.clock.advance(ms);
          await settle(runs);
          if ((await at.fold()) === limits.foldEveryMs) passes += 1;
        }
        // The first pass began with a handful settled, two of which are read a round.
        expect(passes).toBeGreaterThan(0);
        const folded = () => new Set(at.applied.flat().map(({ lastRun }) => lastRun.runId));
        const watermark = await at.store.status.watermark();
        for (const [runId, settledAt] of settled) if (settledAt < watermark) expect(folded()).toContain(runId);
        at.clock.advance(1);
        await at.pass();
        await at.pass();
        expect(folded()).toEqual(new Set(settled.keys()));
      }),
      { numRuns: 20 },
    );
  });

  test("a run settled at the very instant a pass began is folded by the next one", async () => {
    const at = setup();
    const held = await start(at.store, await addRun(at.store, await addJob(at.store)));
    at.clock.advance(MINUTE);
    await end(at.store, held, { now: START + MINUTE });
    await at.pass();
    expect(await at.store.status.watermark()).toBe(START + MINUTE);
    at.clock.advance(MINUTE);
    await at.pass();
    expect(at.applied.flat()).toHaveLength(1);
  });

  describe("covers what a settlement may take to be seen", () => {
    /** A run that a settlement of `behindMs` ago ends after the fold has passed, and no event reports it. */
    async function settledLate(behindMs: number) {
      const clock = manualClock(START);
      const store = createMemoryStore({ clock, digest: sha256 });
      const fold = createSettledFold({ status: store.status, ping: store.ping, clock }, API_DEFAULTS);
      const job = await addJob(store);
      const held = await start(store, await addRun(store, job));
      clock.advance(10 * MINUTE);
      await fold();
      await end(store, held, { now: clock.now() - behindMs });
      for (let minute = 0; minute < 3; minute += 1) {
        clock.advance(MINUTE);
        await fold();
      }
      return (await store.jobs.get("default", job.id))?.status;
    }

    test.each([
      ["a statement that took as long as it may", STATEMENT_MS_MAX],
      ["a settlement whose every statement did", SETTLE_MS_MAX],
      ["one by an executor whose clock differs as much as it may", SETTLE_MS_MAX + STORE_TIME_DIFFERENCE_MS_MAX],
    ])("%s", async (_, behindMs) => {
      expect(await settledLate(behindMs)).toBe("succeeded");
    });
  });

  describe("after the store's clock was set back", () => {
    test("finds all runs that were settled meanwhile, by the wrong clock and the right one, and continues from the right one", async () => {
      const at = setup();
      const settle = async (id: string): Promise<void> => {
        const job = await addJob(at.store, { id });
        await end(at.store, await start(at.store, await addRun(at.store, job)), { now: at.clock.now() });
      };
      const status = async (id: string) => (await at.store.jobs.get("default", id))?.status;
      await at.pass();
      at.clock.jumpTo(START + 5 * HOUR);
      await at.pass();
      expect(await at.store.status.watermark()).toBe(START + 5 * HOUR);
      at.clock.advance(HOUR); // The api does not run.
      await settle("ahead");
      at.clock.jumpTo(START + MINUTE);
      await settle("right");
      at.clock.advance(5 * MINUTE);
      await at.pass();
      expect([await status("ahead"), await status("right")]).toEqual(["succeeded", "succeeded"]);
      expect(await at.store.status.watermark()).toBe(START + 6 * MINUTE);
      await settle("later");
      at.clock.advance(MINUTE);
      await at.pass();
      expect(await status("later")).toBe("succeeded");
    });
  });
});
