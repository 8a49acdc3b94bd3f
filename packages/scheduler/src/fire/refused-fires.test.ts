import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import type { FireRequest } from "@tickline/shared/ports/jobs/due-jobs";
import type { Store } from "@tickline/shared/ports/store/store";
import { SECOND } from "@tickline/shared/testing/factories";
import { setupTicker as setup, turns } from "./counted-ticker.test-support.ts";

describe("a job whose fire the store refuses", () => {
  const refusing =
    (isRefused: (request: FireRequest) => boolean, fault: Error) =>
    (store: Store): Store => ({
      ...store,
      dueJobs: { ...store.dueJobs, fire: (request) => (isRefused(request) ? Promise.reject(fault) : store.dueJobs.fire(request)) },
    });
  const names =
    (id: string) =>
    ({ fires }: FireRequest) =>
      fires.some(({ job }) => job.id === id);

  test("is found in few calls among all that are due, which fire", async () => {
    const store = refusing(names("bad"), new AppError("store_corrupt", "its row is gone"));
    const { addJob, listRuns, pass, logged, calls, aside } = setup({ store });
    const jobs = await Promise.all(Array.from({ length: 100 }, (_, index) => addJob({ id: index === 50 ? "bad" : `job-${index}` })));
    await pass(SECOND, SECOND);
    for (const job of jobs) expect(await listRuns(job)).toHaveLength(job.id === "bad" ? 0 : 1);
    expect(calls.fire).toBeLessThan(20);
    expect(await aside()).toBe(1);
    expect(logged[0]).toMatchObject({ job: "bad", reason: expect.stringContaining("its row is gone"), waitMs: SECOND });
  });

  test("for want of the store itself is read again at once, as are all others", async () => {
    let unavailable = true;
    const store = refusing(() => unavailable, new AppError("store_unavailable", "unavailable", { retryable: true }));
    const { addJob, listRuns, pass, aside, calls } = setup({ store });
    const jobs = await Promise.all(["a", "b", "c"].map((id) => addJob({ id })));
    await pass(SECOND, 500);
    expect(calls.fire).toBe(2);
    expect(await aside()).toBe(0);
    unavailable = false;
    await pass(500);
    for (const job of jobs) expect(await listRuns(job)).toHaveLength(1);
  });

  test("again and again, though no other process changes the job, is not repeated without end", async () => {
    const losing = (store: Store): Store => ({
      ...store,
      dueJobs: {
        ...store.dueJobs,
        async fire(request) {
          const lost = request.fires.map(({ job }) => job.id === "bad");
          const { outcomes, leaseMs } = await store.dueJobs.fire({
            ...request,
            fires: request.fires.filter((_, index) => lost[index] === false),
          });
          const won = [...outcomes];
          return { leaseMs, outcomes: lost.map((isLost) => (isLost ? ({ kind: "lost" } as const) : won.shift()!)) };
        },
      },
    });
    const { addJob, listRuns, ticker, clock, calls, aside } = setup({ store: losing });
    await addJob({ id: "bad" });
    const good = await addJob({ id: "good" });
    await ticker.start();
    await turns(2_000);
    expect(calls.fire).toBe(5);
    expect(await aside()).toBe(1);
    for (let second = 0; second < 60; second += 1) {
      clock.advance(SECOND);
      await turns(20);
    }
    expect(await listRuns(good)).toHaveLength(2);
    expect(calls.fire).toBeLessThan(40);
    await ticker.stop();
  });
});
