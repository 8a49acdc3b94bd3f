import { describe, expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { runError } from "@tickline/shared/domain/run/run-error";
import { HOUR, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";
import type { RunView } from "../views/run-view.ts";

async function setup() {
  const under = await apiUnderTest();
  const { store, call, clock } = under;
  const claimant = { executor: "worker-1", token: "t", leaseMs: HOUR };
  return {
    ...under,
    put: (id: string, changes: object = {}) => call(`PUT /jobs/${id}`, { body: { ...minimalJob, ...changes } }),
    run: async (id: string): Promise<RunView> => (await call(`GET /runs/${id}`)).body,
    /** Triggers a run; answers with it. */
    async trigger(id: string, body?: object): Promise<RunView> {
      const reply = await call(`POST /jobs/${id}/trigger`, body === undefined ? {} : { body });
      return reply.body;
    },
    async claimAll(): Promise<void> {
      const runs = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 100 });
      await store.claims.claim({ runs, claimant, now: clock.now(), firedAfter: 0 });
    },
    settleFailed: (runId: string) =>
      store.claims.settle({
        settlements: [
          {
            runId,
            token: "t",
            finishedAt: clock.now(),
            result: { kind: "failed", error: runError("boom", "it broke", true), stack: "Error: it broke\n    at run" },
          },
        ],
        now: clock.now(),
      }),
    [Symbol.asyncDispose]: under.stop,
  };
}

const iso = (instant: number): string => new Date(instant).toISOString();

describe("params of a run", () => {
  test("are those it was made with: of its job at that time, or of the trigger", async () => {
    await using at = await setup();
    await at.put("ping", { params: { who: "before" }, overlap: "allow" });
    const before = await at.trigger("ping");
    const own = await at.trigger("ping", { params: { who: "you" } });
    await at.call("PATCH /jobs/ping", { body: { params: { who: "after" } } });
    const after = await at.trigger("ping");
    const retried = await at.call(`POST /runs/${own.id}/cancel`);
    const again = (await at.call(`POST /runs/${own.id}/retry`)).body;
    await at.call("DELETE /jobs/ping");
    const wanted = { [before.id]: "before", [own.id]: "you", [after.id]: "after", [again.id]: "you" };
    for (const [id, who] of Object.entries(wanted)) expect([id, (await at.run(id)).params]).toEqual([id, { who }]);
    expect([before, own, after, retried.body, again].map(({ params }) => params?.who)).toEqual(["before", "you", "after", "you", "you"]);
    const listed = (await at.call("GET /runs?include=params&jobId=ping")).body.items;
    expect(Object.fromEntries(listed.map(({ id, params }: RunView) => [id, params?.["who"]]))).toEqual(wanted);
    for (const path of ["/runs", "/runs?include=output"])
      for (const item of (await at.call(`GET ${path}`)).body.items) expect(item).not.toHaveProperty("params");
  });

  test("are null where the definition of the run cannot be read", async () => {
    await using at = await setup();
    await at.put("ping", { params: { a: 1 } });
    const { id } = await at.trigger("ping");
    const row = at.rows.runs.get(id)!;
    Object.assign(row, { definition: { ...row.definition, schedule: "torn" } });
    expect((await at.run(id)).params).toBeNull();
    expect((await at.call("GET /runs?include=params")).body.items[0].params).toBeNull();
  });
});

describe("who asked for a cancel", () => {
  test("a request, by the address and the name of its client", async () => {
    await using at = await setup();
    await at.put("ping", { overlap: "allow" });
    const [due, running] = [await at.trigger("ping"), await at.trigger("ping")];
    await at.call(`POST /runs/${due.id}/cancel`, { headers: { "user-agent": "x".repeat(300) } });
    await at.claimAll();
    at.clock.advance(SECOND);
    const reply = await at.call(`POST /runs/${running.id}/cancel`, { headers: { "user-agent": "curl/8.5.0" } });
    const cancel = { requestedAt: iso(START + SECOND), by: { kind: "api", address: "127.0.0.1", userAgent: "curl/8.5.0" } };
    expect([reply.body.state, reply.body.cancel]).toEqual(["running", cancel]);
    await at.call(`POST /runs/${running.id}/cancel`, { headers: { "user-agent": "another" } });
    expect((await at.run(running.id)).cancel).toEqual(cancel);
    expect((await at.run(due.id)).cancel).toMatchObject({ by: { userAgent: "x".repeat(200) } });
    expect((await at.call("GET /runs")).body.items.map((run: RunView) => run.cancel?.by.kind)).toEqual(["api", "api"]);
  });

  test("an edit or a deletion of the job, by the client that made it", async () => {
    await using at = await setup();
    await at.put("edited");
    await at.put("replaced");
    await at.put("deleted");
    const [edited, replaced, deleted] = [await at.trigger("edited"), await at.trigger("replaced"), await at.trigger("deleted")];
    const headers = { "user-agent": "editor" };
    await at.call("PATCH /jobs/edited", { body: { queue: "high" }, headers });
    await at.call("PUT /jobs/replaced", { body: { ...minimalJob, queue: "high" }, headers });
    await at.call("DELETE /jobs/deleted", { headers });
    for (const [{ id }, kind] of [
      [edited, "job_edited"],
      [replaced, "job_edited"],
      [deleted, "job_deleted"],
    ] as const)
      expect(await at.run(id)).toMatchObject({
        state: "cancelled",
        reason: kind,
        cancel: { requestedAt: iso(START), by: { kind, address: "127.0.0.1", userAgent: "editor" } },
      });
  });

  test("nobody", async () => {
    await using at = await setup();
    await at.put("ping");
    expect((await at.trigger("ping")).cancel).toBeNull();
  });
});

describe("a run that failed", () => {
  test("shows the stack with its attempt, and lists leave it out", async () => {
    await using at = await setup();
    await at.put("ping");
    const { id } = await at.trigger("ping");
    await at.claimAll();
    at.clock.advance(SECOND);
    await at.settleFailed(id);
    const run = await at.run(id);
    expect(run.attempts).toMatchObject([{ durationMs: SECOND, error: { code: "boom", stack: "Error: it broke\n    at run" } }]);
    expect([run.error, run.durationMs]).toEqual([{ code: "boom", message: "it broke", retryable: true }, SECOND]);
    for (const path of ["/runs?include=params,output", "/jobs/ping/runs", "/jobs/ping", "/jobs"])
      expect([path, JSON.stringify((await at.call(`GET ${path}`)).body).includes("at run")]).toEqual([path, false]);
  });
});

describe("the priority of a run", () => {
  test("is that of its job when it was fired: an edit changes that of later runs, and a retry has that of its run", async () => {
    await using at = await setup();
    await at.put("ping", { overlap: "allow", priority: 0 });
    const before = await at.trigger("ping");
    expect(before.priority).toBe(0);
    const patched = await at.call("PATCH /jobs/ping", { body: { priority: 9 } });
    expect(patched).toMatchObject({ status: 200, body: { priority: 9, version: 2 } });
    const urgent = await at.trigger("ping");
    expect((await at.call("PATCH /jobs/ping", { body: { priority: null } })).body).toMatchObject({ priority: 5, version: 3 });
    const plain = await at.trigger("ping");
    const order = await at.store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 100 });
    expect(order.map(({ runId }) => runId)).toEqual([urgent.id, plain.id, before.id]);
    await at.call(`POST /runs/${before.id}/cancel`);
    const again = (await at.call(`POST /runs/${before.id}/retry`)).body;
    const wanted = { [before.id]: 0, [urgent.id]: 9, [plain.id]: 5, [again.id]: 0 };
    for (const [id, priority] of Object.entries(wanted)) expect((await at.run(id)).priority).toBe(priority);
    const listed: RunView[] = (await at.call("GET /runs?jobId=ping")).body.items;
    expect(Object.fromEntries(listed.map(({ id, priority }) => [id, priority]))).toEqual(wanted);
    expect((await at.call("GET /jobs")).body.items).toMatchObject([{ id: "ping", priority: 5 }]);
  });

  test.each([10, -1, 4.5, "9", true])("%p is none, and is refused by PUT and PATCH", async (priority) => {
    await using at = await setup();
    await at.put("ping");
    const refused = { status: 400, body: { errors: [{ pointer: "/priority" }] } };
    expect(await at.put("ping", { priority })).toMatchObject(refused);
    expect(await at.call("PATCH /jobs/ping", { body: { priority } })).toMatchObject(refused);
  });
});
