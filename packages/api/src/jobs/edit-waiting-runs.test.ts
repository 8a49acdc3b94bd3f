import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob, type ApiSetup } from "../api-under-test.test-support.ts";

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const put = (id: string, changes: object = {}) => under.call(`PUT /jobs/${id}`, { body: { ...minimalJob, ...changes } });
  /** Oldest first, as `[scheduledFor after START, state, reason, count]`. */
  const history = async (id: string) =>
    (await under.call(`GET /runs?limit=200&jobId=${id}`)).body.items
      .map((run: { scheduledFor: string; state: string; reason: string | null; count: number }) => [
        Date.parse(run.scheduledFor) - START,
        run.state,
        run.reason,
        run.count,
      ])
      .toReversed();
  return { ...under, put, history, [Symbol.asyncDispose]: under.stop };
}

describe("an edit of queue or handler cancels the runs that wait under the former one", () => {
  test.each([
    ["handler", { handler: "http", params: { url: "http://127.0.0.1:9/" } }],
    ["queue", { queue: "low" }],
  ])("another %s: the runs are kept as cancelled, because perhaps no executor can run them any more", async (_, change) => {
    await using at = await setup();
    await at.put("ping", { schedule: "every 10s" });
    at.clock.advance(25 * SECOND);
    expect((await at.call("PATCH /jobs/ping", { body: change })).status).toBe(200);
    expect(await at.history("ping")).toEqual([10, 20].map((seconds) => [seconds * SECOND, "cancelled", "job_edited", 1]));
    at.clock.advance(10 * SECOND);
    expect((await at.call("PATCH /jobs/ping", { body: { name: "Pong" } })).status).toBe(200);
    expect((await at.history("ping")).at(-1)).toEqual([30 * SECOND, "due", null, 1]);
  });

  test("an edit that was made and not carried through is carried through by its repeat", async () => {
    await using at = await setup();
    await at.put("ping", { schedule: "every 10s" });
    at.clock.advance(15 * SECOND);
    const { cancelOpen } = at.store.control;
    Object.assign(at.store.control, { cancelOpen: () => Promise.reject(new AppError("store_unavailable", "gone", { retryable: true })) });
    const edit = { schedule: "every 10s", queue: "low" };
    expect((await at.put("ping", edit)).status).toBe(503);
    Object.assign(at.store.control, { cancelOpen });
    expect((await at.put("ping", edit)).body).toMatchObject({ queue: "low", version: 2 });
    expect(await at.history("ping")).toEqual([[10 * SECOND, "cancelled", "job_edited", 1]]);
  });
});
