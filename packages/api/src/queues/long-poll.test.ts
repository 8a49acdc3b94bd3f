import { request } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import { SECOND } from "@tickline/shared/testing/factories";
import type { Reply } from "../api-under-test.test-support.ts";
import { queuesUnderTest, type QueuesUnderTest } from "./queues.test-support.ts";

const WAIT_MS = 20_000;
const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
/** Resolves when so many claims wait, as the metrics say. */
async function waiting(at: QueuesUnderTest, count: number): Promise<void> {
  while (!(await at.metrics.metrics()).includes(`tickline_claims_waiting ${count}\n`)) await turns();
}
/** Publishes a due run, as the scheduler does. */
async function publish(at: QueuesUnderTest, runId: string): Promise<void> {
  const [run] = await at.store.claims.read([runId]);
  if (run !== undefined) await at.bus.publish(dueTopic("python"), [jobDue(run, at.clock.now())]);
}
const ask = (at: QueuesUnderTest, changes: object = {}): Promise<Reply> =>
  at.ask("claim", { executor: "worker-1", waitMs: WAIT_MS, ...changes });

describe("a claim that waits", () => {
  test("is answered as soon as a run is due, and not by looking again and again", async () => {
    let reads = 0;
    await using at = await queuesUnderTest({
      wrapStore: (store) => ({
        ...store,
        dueRuns: {
          ...store.dueRuns,
          publishable: (query) => {
            reads += 1;
            return store.dueRuns.publishable(query);
          },
        },
      }),
    });
    await at.put("hello");
    const claim = ask(at);
    await waiting(at, 1);
    const before = reads;
    at.clock.advance(4_000);
    await turns(20);
    expect(reads).toBe(before);
    const runId = await at.due("hello");
    await publish(at, runId);
    expect((await claim).body.runs).toMatchObject([{ runId }]);
    expect(reads).toBe(before + 1);
    await waiting(at, 0);
  });

  test("is answered with no run after its time", async () => {
    await using at = await queuesUnderTest();
    const claim = ask(at);
    await waiting(at, 1);
    for (let second = 0; second < 20; second += 1) {
      at.clock.advance(SECOND);
      await turns();
    }
    expect(await claim).toMatchObject({ status: 200, body: { runs: [] } });
  });

  test("finds a run whose message was lost", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    const claim = ask(at);
    await waiting(at, 1);
    const runId = await at.due("hello");
    at.clock.advance(5_000);
    expect((await claim).body.runs).toMatchObject([{ runId }]);
  });

  test("is woken by runs of its handlers alone", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    await at.put("ball", { handler: "dance" });
    const [greeter, dancer] = [ask(at, { handlers: ["greet"] }), ask(at, { handlers: ["dance"], executor: "worker-2" })];
    await waiting(at, 2);
    await publish(at, await at.due("ball"));
    expect((await dancer).body.runs).toMatchObject([{ jobId: "ball" }]);
    await publish(at, await at.due("hello"));
    expect((await greeter).body.runs).toMatchObject([{ jobId: "hello" }]);
  });

  test("takes no place of other requests", async () => {
    await using at = await queuesUnderTest({ config: { requestsAtOnceMax: 1 } });
    const claims = [ask(at), ask(at)];
    await waiting(at, 2);
    await at.put("hello");
    const runs = [await at.due("hello", { n: 1 })];
    await publish(at, String(runs[0]));
    await waiting(at, 1);
    await at.put("other");
    await publish(at, await at.due("other"));
    expect((await Promise.all(claims)).flatMap(({ body }) => body.runs)).toHaveLength(2);
  });

  test("whose client goes away claims nothing: the next run is another claim's", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    const going = new AbortController();
    const gone = fetch(`${at.url}/queues/python/claim`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ executor: "gone", waitMs: WAIT_MS }),
      signal: going.signal,
    });
    await waiting(at, 1);
    const claim = ask(at, { executor: "here" });
    await waiting(at, 2);
    going.abort();
    await expect(gone).rejects.toThrow();
    await waiting(at, 1);
    const runId = await at.due("hello");
    await publish(at, runId);
    expect((await claim).body.runs).toMatchObject([{ runId }]);
    expect((await at.readRun(runId)).attempts).toMatchObject([{ executor: "here" }]);
  });

  test("ends when the service is to stop, and further claims are refused; heartbeats and settlements are not", async () => {
    await using at = await queuesUnderTest();
    await at.put("hello");
    await at.due("hello");
    const [held] = await at.claim();
    const claim = ask(at);
    await waiting(at, 1);
    at.api.drain();
    expect(await claim).toMatchObject({ status: 200, body: { runs: [] } });
    expect(await ask(at)).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect(await at.heartbeat(held as never)).toMatchObject([{ held: true }]);
    expect(await at.settle(held as never, { state: "succeeded" })).toMatchObject({ result: "settled" });
  });

  test("so many wait at most; one more is told when to come again", async () => {
    await using at = await queuesUnderTest({ config: { claimsWaitingPerAddressMax: 1 } });
    const claim = ask(at);
    await waiting(at, 1);
    const refused = await ask(at);
    expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([429, "too_many_claims", "1"]);
    expect(refused.body.detail).toBe(
      "1 claims of this address wait for runs: ask for more runs with one claim (limit), or repeat the request later",
    );
    expect(await ask(at, { waitMs: 0 })).toMatchObject({ status: 200, body: { runs: [] } });
    at.api.drain();
    await claim;
  });
});

describe("a client that goes away while its claim is written", () => {
  test("gets no run: it is due again at once", async () => {
    const written = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    await using at = await queuesUnderTest({
      wrapStore: (store) => ({
        ...store,
        claims: {
          ...store.claims,
          claim: async (request) => {
            const outcomes = await store.claims.claim(request);
            written.resolve();
            await release.promise;
            return outcomes;
          },
        },
      }),
    });
    await at.put("hello");
    const runId = await at.due("hello");
    const body = JSON.stringify({ executor: "gone" });
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sending = request(`${at.url}/queues/python/claim`, { method: "POST", headers }).on("error", () => {});
    sending.end(body);
    await written.promise;
    sending.destroy();
    await turns(20);
    release.resolve();
    const state = async () => (await at.readRun(runId)).state as string;
    while ((await state()) !== "due") await turns();
    expect(await at.told("JobStarted")).toEqual([]);
    expect(await at.claim({ executor: "here" })).toMatchObject([{ runId, attempt: 2, failures: 0 }]);
  });
});
