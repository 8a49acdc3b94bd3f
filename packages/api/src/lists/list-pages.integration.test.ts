import { connect } from "node:net";
import { describe, expect, jest, test } from "@jest/globals";
import { HOUR } from "@tickline/shared/testing/factories";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { apiUnderTest, minimalJob, type ApiSetup } from "../api-under-test.test-support.ts";

jest.setTimeout(60_000); // Over real sockets, and with much in the store.

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  /** A job with as many runs that have ended, each with an output as long. */
  async function worked(id: string, { runs, outputLength }: { readonly runs: number; readonly outputLength: number }): Promise<void> {
    const { call, store, clock } = under;
    await call(`PUT /jobs/${id}`, { body: { ...minimalJob, overlap: "allow" } });
    for (let run = 0; run < runs; run += 1) await call(`POST /jobs/${id}/trigger`);
    const due = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: runs });
    const claimant = { executor: "worker-1", token: "t", leaseMs: HOUR };
    await store.claims.claim({ runs: due, claimant, now: clock.now(), firedAfter: 0 });
    const settlements = due.map(({ runId }) => ({
      runId,
      token: "t",
      result: { kind: "succeeded" as const, output: { text: "x".repeat(outputLength) } },
      finishedAt: clock.now(),
    }));
    await store.claims.settle({ settlements, now: clock.now() });
  }
  /** All pages of a list, following `nextCursor`. */
  async function pages(path: string): Promise<{ ids: string[]; bytes: number[]; items: Record<string, unknown>[] }> {
    const found = { ids: [] as string[], bytes: [] as number[], items: [] as Record<string, unknown>[] };
    let cursor = "";
    do {
      const response = await fetch(`${under.url}${path}${cursor}`);
      const text = await response.text();
      const { items, nextCursor } = JSON.parse(text) as { items: { id: string }[]; nextCursor: string | null };
      expect([response.status, items.length > 0 || nextCursor === null]).toEqual([200, true]);
      found.bytes.push(Buffer.byteLength(text));
      found.ids.push(...items.map(({ id }) => id));
      found.items.push(...items);
      cursor = nextCursor === null ? "" : `&cursor=${nextCursor}`;
    } while (cursor !== "");
    return found;
  }
  return { ...under, worked, pages, [Symbol.asyncDispose]: under.stop };
}

describe("long fields", () => {
  test("are left out of lists unless they are asked for; one job and one run show all", async () => {
    await using at = await setup();
    await at.worked("ping", { runs: 1, outputLength: 3 });
    await at.call("PATCH /jobs/ping", { body: { params: { a: 1 } } });
    const [job] = (await at.call("GET /jobs")).body.items;
    const whole = (await at.call("GET /jobs/ping")).body;
    expect([job.id, "params" in job, whole.params]).toEqual(["ping", false, { a: 1 }]);
    const { upcoming: _, recentRuns, params, ...others } = whole;
    expect(job).toEqual(others);
    for (const include of ["params", "params,output", "output,params", "params%2Coutput"])
      expect((await at.call(`GET /jobs?include=${include}`)).body.items[0].params).toEqual(params);
    expect("params" in (await at.call("GET /jobs?include=output")).body.items[0]).toBe(false);
    for (const path of ["/runs", "/jobs/ping/runs"]) {
      const [run] = (await at.call(`GET ${path}`)).body.items;
      const [included] = (await at.call(`GET ${path}?include=output`)).body.items;
      expect(["output" in run, included.output]).toEqual([false, { text: "xxx" }]);
      expect((await at.call(`GET /runs/${run.id}`)).body.output).toEqual({ text: "xxx" });
    }
    expect([recentRuns.length, "output" in recentRuns[0]]).toEqual([1, false]);
  });

  test("are named as they are, and what is none is refused in words", async () => {
    await using at = await setup();
    for (const include of ["nope", "params,", "Params", "params,nope", "params;output"]) {
      const { status, body } = await at.call(`GET /jobs?include=${encodeURIComponent(include)}`);
      expect([include, status, body.errors?.[0]?.pointer]).toEqual([include, 400, "/include"]);
      expect(body.detail).toContain("must be params or output, or both with a comma between");
    }
    expect((await at.call("GET /jobs?include=")).status).toBe(200); // As Swagger UI sends what is left empty.
    expect((await at.call("GET /jobs?include=params&include=output")).body.errors[0].code).toBe("duplicate_parameter");
  });

  test("a cursor works with and without them, and the link keeps the parameter", async () => {
    await using at = await setup();
    for (const id of ["a", "b"]) await at.call(`PUT /jobs/${id}`, { body: minimalJob });
    const first = await at.call("GET /jobs?limit=1&include=params,output");
    expect(first.headers.get("link")).toContain("include=params%2Coutput");
    expect((await at.call(`GET /jobs?limit=1&cursor=${first.body.nextCursor}`)).body.items).toHaveLength(1);
  });
});

describe("a page is bounded in bytes", () => {
  test("and nextCursor continues where the page was cut, whatever the sizes", async () => {
    await using at = await setup({ config: { pageBytesMax: 5_000 } });
    const sizes = [10, 4_000, 2_000, 2_500, 20_000, 10, 10, 4_900, 10, 6_000, 6_000, 10];
    for (const [index, size] of sizes.entries()) {
      at.clock.advance(1);
      await at.call(`PUT /jobs/job-${index}`, { body: { ...minimalJob, params: { text: "x".repeat(size) } } });
    }
    const all = sizes.map((_, index) => `job-${index}`).toReversed();
    for (const limit of [1, 2, 3, 5, 12, 200]) {
      const { ids, bytes, items } = await at.pages(`/jobs?include=params&limit=${limit}`);
      expect([limit, ids]).toEqual([limit, all]);
      expect(items.every(({ params }) => params !== undefined)).toBe(true);
      for (const length of bytes) expect(length).toBeLessThan(22_000); // An item that is longer has a page of its own.
    }
    expect((await at.pages("/jobs?limit=200")).bytes.every((length) => length < 5_200)).toBe(true);
  });

  test("of 200 runs with long outputs, by default", async () => {
    await using at = await setup();
    await at.worked("ping", { runs: 100, outputLength: 60_000 });
    for (const path of ["/runs", "/jobs/ping/runs"]) {
      const { ids, bytes } = await at.pages(`${path}?include=output&limit=200`);
      expect([new Set(ids).size, bytes.length]).toEqual([100, 6]);
      expect(Math.max(...bytes)).toBeLessThan(1_100_000);
    }
  });

  test("of handlers, whose schemas may be long", async () => {
    await using at = await setup({ config: { pageBytesMax: 20_000 } });
    const types = Array.from({ length: 60 }, (_, index) => `own-${String(index).padStart(2, "0")}`);
    await at.store.handlers.publish(
      types.map((type) => ({ type, description: "x".repeat(3_000), paramsSchema: { type: "object" }, lastSeenAt: 0 })),
    );
    const all = ["http", "noop", ...types].toSorted();
    let path = "/handlers?limit=200";
    const found: string[] = [];
    for (let pages = 0; path !== ""; pages += 1) {
      expect(pages).toBeLessThan(20);
      const { body, headers } = await at.call(`GET ${path}`);
      found.push(...body.items.map(({ type }: { type: string }) => type));
      path = /<(.*)>/.exec(headers.get("link") ?? "")?.[1] ?? "";
    }
    expect(found).toEqual(all);
  });

  test("and what is longer than many pages is read in parts: nothing is read that does not fit", async () => {
    let read = 0;
    await using at = await setup({
      config: { pageBytesMax: 10_000 },
      wrapStore: (store) => ({
        ...store,
        jobs: {
          ...store.jobs,
          async list(...request) {
            const page = await store.jobs.list(...request);
            read += page.items.length;
            return page;
          },
        },
      }),
    });
    for (let index = 0; index < 120; index += 1) await at.call(`PUT /jobs/job-${index}`, { body: minimalJob });
    const { body } = await at.call("GET /jobs?limit=200");
    expect(body.items.length).toBeGreaterThan(5);
    expect(read).toBeLessThan(110);
  });
});

test("what GET gives, PUT takes, also when its runs have long outputs", async () => {
  await using at = await setup();
  await at.worked("ping", { runs: 10, outputLength: 60_000 });
  await at.call("PATCH /jobs/ping", { body: { params: { text: "x".repeat(65_000) } } });
  const { body, headers } = await at.call("GET /jobs/ping");
  expect(body.recentRuns).toHaveLength(10);
  expect(await at.call("PUT /jobs/ping", { body, headers: { "if-match": headers.get("etag") ?? "" } })).toMatchObject({ status: 200 });
});

test("100 pipelined requests for large pages, on a socket that reads nothing, delay no other client", async () => {
  let reads = 0;
  await using at = await setup({
    wrapStore: (store) => ({
      ...store,
      runs: {
        ...store.runs,
        list(...request) {
          reads += 1;
          return store.runs.list(...request);
        },
      },
    }),
  });
  await at.worked("ping", { runs: 200, outputLength: 30_000 });
  const before = process.memoryUsage().rss;
  const { hostname, port } = new URL(at.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.pause();
  const path = "/jobs/ping/runs?limit=200&include=output";
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`.repeat(100));
  let slowestMs = 0;
  for (let look = 0; look < 200; look += 1) {
    const since = performance.now();
    expect((await at.call("GET /livez")).status).toBe(200);
    slowestMs = Math.max(slowestMs, performance.now() - since);
  }
  expect(slowestMs).toBeLessThan(3_000);
  expect((process.memoryUsage().rss - before) / 1_048_576).toBeLessThan(250);
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThan(60); // For the pages that the kernel has room for.
  socket.destroy();
});
