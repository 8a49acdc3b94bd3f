import { describe, expect, test } from "@jest/globals";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, fullJob, minimalJob } from "../api-under-test.test-support.ts";

async function setup() {
  const under = await apiUnderTest();
  const put = (id: string, changes: object = {}) => under.call(`PUT /jobs/${id}`, { body: { ...minimalJob, ...changes } });
  const ids = async (query: string): Promise<string[]> =>
    (await under.call(`GET /jobs?${query}`)).body.items.map(({ id }: { id: string }) => id);
  return { ...under, put, ids, [Symbol.asyncDispose]: under.stop };
}
const iso = (instant: number): string => new Date(instant).toISOString();

describe("GET /jobs/:id", () => {
  test("shows the next five instants and the latest ten runs", async () => {
    await using at = await setup();
    await at.put("ping");
    for (let run = 0; run < 12; run += 1) {
      at.clock.advance(1);
      await at.call("POST /jobs/ping/trigger");
    }
    const { status, headers, body } = await at.call("GET /jobs/ping");
    expect([status, headers.get("etag")]).toEqual([200, '"1"']);
    expect(body.upcoming).toEqual([1, 2, 3, 4, 5].map((minutes) => iso(START + minutes * MINUTE)));
    expect(body.recentRuns).toHaveLength(10);
    expect(body.recentRuns[0]).toMatchObject({ cause: "manual", scheduledFor: iso(START + 12), state: "due" });
  });

  test("shows no more instants than are left", async () => {
    await using at = await setup();
    await at.put("twice", { schedule: { every: "1m", maxRuns: 2 } });
    expect((await at.call("GET /jobs/twice")).body.upcoming).toHaveLength(2);
    await at.put("once", { schedule: { at: iso(START + MINUTE) } });
    expect((await at.call("GET /jobs/once")).body.upcoming).toEqual([iso(START + MINUTE)]);
  });

  test("a paused job has nothing to come", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    expect((await at.call("GET /jobs/ping")).body).toMatchObject({ state: "paused", nextRunAt: null, upcoming: [] });
  });

  test("shows the runs of this job alone, also when another had its id before", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/trigger");
    await at.call("DELETE /jobs/ping");
    await at.put("ping");
    expect((await at.call("GET /jobs/ping")).body.recentRuns).toEqual([]);
    expect((await at.call("GET /jobs/ping/runs")).body.items).toEqual([]);
    expect((await at.call("GET /runs?jobId=ping")).body.items).toHaveLength(1);
  });

  test("what it gives may be sent back", async () => {
    await using at = await setup();
    await at.put("full", fullJob);
    const { body } = await at.call("GET /jobs/full");
    expect(await at.call("PUT /jobs/full", { body })).toMatchObject({ status: 200, body: { version: 1 } });
  });
});

describe("GET /jobs", () => {
  test("lists the newest first, a page at a time, to the end", async () => {
    await using at = await setup();
    for (const id of ["a", "b", "c", "d", "e"]) {
      await at.put(id);
      at.clock.advance(SECOND);
    }
    const seen: string[] = [];
    let path: string | null = "/jobs?limit=2&handler=noop";
    for (let pages = 0; path !== null; pages += 1) {
      expect(pages).toBeLessThan(4);
      const { body, headers } = await at.call(`GET ${path}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      const link = headers.get("link");
      expect(link === null).toBe(body.nextCursor === null);
      path = link === null ? null : (/^<(.*)>; rel="next"$/.exec(link)?.[1] ?? null);
      if (path !== null) expect(new URLSearchParams(path.split("?")[1]).get("cursor")).toBe(body.nextCursor);
    }
    expect(seen).toEqual(["e", "d", "c", "b", "a"]);
  });

  test("a cursor does not mind another limit", async () => {
    await using at = await setup();
    for (const id of ["a", "b", "c"]) await at.put(id);
    const { body } = await at.call("GET /jobs?limit=1");
    expect((await at.call(`GET /jobs?limit=50&cursor=${body.nextCursor}`)).body.items).toHaveLength(2);
  });

  test("every filter holds", async () => {
    await using at = await setup();
    await at.put("plain");
    await at.put("fancy", { name: "Nightly Report", tags: ["a", "b"], queue: "low" });
    await at.put("half", { tags: ["a"] });
    await at.call("POST /jobs/half/pause");
    expect(await at.ids("state=paused")).toEqual(["half"]);
    expect((await at.ids("status=pending")).toSorted()).toEqual(["fancy", "half", "plain"]);
    expect(await at.ids("status=failed")).toEqual([]);
    expect(await at.ids("handler=http")).toEqual([]);
    expect(await at.ids("queue=low")).toEqual(["fancy"]);
    expect((await at.ids("tag=a")).toSorted()).toEqual(["fancy", "half"]);
    expect(await at.ids("tag=a&tag=b")).toEqual(["fancy"]);
    expect(await at.ids("q=night")).toEqual(["fancy"]);
    expect(await at.ids("q=night&state=paused")).toEqual([]);
  });

  test("an empty list has no next page", async () => {
    await using at = await setup();
    const { body, headers } = await at.call("GET /jobs");
    expect([body, headers.get("link")]).toEqual([{ items: [], nextCursor: null }, null]);
  });
});
