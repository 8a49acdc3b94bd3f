import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import { runError } from "@tickline/shared/domain/run/run-error";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { Command } from "@tickline/shared/events/command";
import type { Reply } from "@tickline/shared/events/reply";
import type { Bus, SubscribeRequest } from "@tickline/shared/ports/bus";
import type { Store } from "@tickline/shared/ports/store/store";
import { DAY, HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { Registry } from "prom-client";
import type { ApiContext } from "../api-context.ts";
import { minimalJob } from "../api-under-test.test-support.ts";
import { createCommandConsumer } from "./command-consumer.ts";
import { setup } from "./commands.test-support.ts";
import { maxCommandAgeMs } from "./envelope-check.ts";

const byCommand = (replies: readonly Reply[]) => Object.fromEntries(replies.map((reply) => [reply.data.commandId, reply]));

describe("CreateJob", () => {
  test("makes the job that POST would make, and answers with it", async () => {
    await using at = await setup();
    const [reply] = await at.tell(at.create(minimalJob, { id: "c-1", time: START }));
    const [job] = await at.jobs();
    expect(job).toMatchObject({ name: "Ping", handler: "noop", version: 1 });
    expect(reply).toMatchObject({
      type: "CommandAnswered",
      id: "c-1-answered",
      source: "tickline/api",
      subject: job?.id,
      tenantId: "default",
      data: { commandId: "c-1", commandSource: "billing", command: "CreateJob", jobId: job?.id, runId: null, result: job },
    });
  });

  test("the job may get an id of the caller's", async () => {
    await using at = await setup();
    const [reply] = await at.tell(at.create(minimalJob, { jobId: "nightly" }));
    expect(reply?.data).toMatchObject({ jobId: "nightly" });
    expect(await at.call("GET /jobs/nightly")).toMatchObject({ status: 200, body: { name: "Ping" } });
  });

  test("it may be made paused, and what only the service sets is refused by its name", async () => {
    await using at = await setup();
    const [made, refused] = await at.tell(
      at.create({ ...minimalJob, state: "paused" }, { jobId: "nightly" }),
      at.create({ ...minimalJob, status: "failed" }),
    );
    expect(made?.data).toMatchObject({ jobId: "nightly", result: { state: "paused", nextRunAt: null } });
    expect(refused?.data).toMatchObject({ code: "invalid_request", errors: [{ pointer: "/status", code: "read_only_field" }] });
  });

  test.each([[null], ["nightly"]])("the same id makes one job, however often it is sent (id %s)", async (jobId) => {
    await using at = await setup();
    const command = at.create(minimalJob, { id: "same", jobId });
    const first = await at.tell(command, command);
    at.clock.advance(HOUR);
    const later = await at.tell(command);
    expect(await at.jobs()).toHaveLength(1);
    expect(new Set([...first, ...later].map(({ id, data }) => JSON.stringify([id, data])))).toHaveProperty("size", 1);
  });

  test("an Idempotency-Key of REST and the id of a command are one and the same", async () => {
    await using at = await setup();
    const posted = await at.call("POST /jobs", { body: minimalJob, headers: { "idempotency-key": "one" } });
    const [reply] = await at.tell(at.create(minimalJob, { id: "one" }));
    expect(reply?.data).toMatchObject({ jobId: posted.body.id });
  });
});

describe("TriggerJob", () => {
  test("makes one run for one id, also of params of its own", async () => {
    await using at = await setup();
    await at.tell(at.create(minimalJob, { jobId: "ping" }));
    const command = at.trigger("ping", { id: "t-1", params: { who: "you" } });
    const [first] = await at.tell(command);
    at.clock.advance(MINUTE);
    const [again] = await at.tell(command);
    const [run] = await at.runs();
    expect(await at.runs()).toHaveLength(1);
    expect(first).toMatchObject({
      type: "CommandAnswered",
      subject: "ping",
      data: { jobId: "ping", runId: run?.id, result: { state: "due", cause: "manual", params: { who: "you" } } },
    });
    expect(again?.data).toMatchObject({ runId: run?.id });
  });

  test("a job can be created and run at once in one batch", async () => {
    await using at = await setup();
    const replies = await at.tell(at.create(minimalJob, { jobId: "ping" }), at.trigger("ping"));
    expect(replies.map(({ type }) => type)).toEqual(["CommandAnswered", "CommandAnswered"]);
  });
});

test("CancelRun ends a run, and a repeat gets the same answer", async () => {
  await using at = await setup();
  await at.tell(at.create(minimalJob, { jobId: "ping" }), at.trigger("ping"));
  const [run] = await at.runs();
  const command = at.cancel(run?.id ?? "");
  for (const [reply] of [await at.tell(command), await at.tell(command)])
    expect(reply).toMatchObject({ type: "CommandAnswered", data: { jobId: "ping", runId: run?.id, result: { state: "cancelled" } } });
  expect((await at.call(`GET /runs/${run?.id}`)).body.cancel.by).toEqual({ kind: "command", source: "billing", commandId: command.id });
});

test("a reply has the run without the stack of what its handler threw", async () => {
  await using at = await setup();
  await at.tell(at.create(minimalJob, { jobId: "ping" }), at.trigger("ping"));
  const [run] = await at.store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 1 });
  const now = at.clock.now();
  await at.store.claims.claim({ runs: [run!], claimant: { executor: "worker-1", token: "t", leaseMs: HOUR }, now, firedAfter: 0 });
  const result = {
    kind: "retry",
    error: runError("boom", "it broke", true),
    stack: "Error: it broke\n    at run",
    retryDelayMs: HOUR,
  } as const;
  await at.store.claims.settle({ settlements: [{ runId: run!.runId, token: "t", finishedAt: now, result }], now });
  const [reply] = await at.tell(at.cancel(run!.runId));
  expect(reply?.data).toMatchObject({ result: { state: "cancelled", attempts: [{ error: { code: "boom" } }], params: {} } });
  expect(JSON.stringify(reply)).not.toContain("at run");
  expect((await at.call(`GET /runs/${run!.runId}`)).body.attempts[0].error.stack).toContain("at run");
});

describe("what cannot be done is refused, and nothing is made", () => {
  type At = Awaited<ReturnType<typeof setup>>;
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`) as JsonObject;
  const refusals: readonly (readonly [why: string, command: (at: At) => Command, refusal: object])[] = [
    [
      "a job without a name",
      (at) => at.create({ handler: "noop", schedule: "every 1m" }),
      { code: "invalid_request", errors: [{ pointer: "/name", code: "required" }] },
    ],
    ["no job at all", (at) => at.create({}), { code: "invalid_request" }],
    ["a list for a job", (at) => at.create([]), { errors: [{ pointer: "", code: "invalid_type", message: "must be an object" }] }],
    ["text for params", (at) => at.trigger("ping", { params: "loud" }), { errors: [{ pointer: "/params", code: "invalid_type" }] }],
    [
      "all faults at once",
      (at) => at.create({ ...minimalJob, handler: "nope", timeoutMs: 0 }),
      {
        code: "invalid_request",
        errors: expect.arrayContaining([
          expect.objectContaining({ code: "unknown_handler" }),
          expect.objectContaining({ pointer: "/timeoutMs" }),
        ]),
      },
    ],
    [
      "params that the handler refuses",
      (at) => at.create({ ...minimalJob, handler: "http" }),
      { errors: [{ pointer: "/params/url", code: "required" }] },
    ],
    ["an unknown queue", (at) => at.create({ ...minimalJob, queue: "nowhere" }), { errors: [{ code: "unknown_queue" }] }],
    [
      "a field that only the service knows",
      (at) => at.create({ ...minimalJob, id: "mine" }),
      { errors: [{ pointer: "/id", code: "read_only_field" }] },
    ],
    ["params nested without end", (at) => at.create({ ...minimalJob, params: deep }), { code: "body_too_deep" }],
    ["params of a megabyte", (at) => at.create({ ...minimalJob, params: { x: "y".repeat(1_000_000) } }), { code: "body_too_large" }],
    ["params of five megabytes", (at) => at.trigger("ping", { params: { x: "y".repeat(5_000_000) } }), { code: "body_too_large" }],
    [
      "a prototype of its own",
      (at) => at.create({ ...minimalJob, params: JSON.parse('{"a":[{"__proto__":{"admin":true}}]}') as JsonObject }),
      { code: "forbidden_key" },
    ],
    ["an id that is none", (at) => at.create(minimalJob, { jobId: "no/id" }), { code: "invalid_id" }],
    ["an id that another job has", (at) => at.create(minimalJob, { jobId: "ping" }), { code: "job_exists" }],
    [
      "a schedule that never fires",
      (at) => at.create({ ...minimalJob, schedule: { at: "2020-01-01T00:00:00Z" } }),
      { code: "schedule_never_fires" },
    ],
    ["an id that came with another job", (at) => at.create(minimalJob, { id: "used" }), { code: "idempotency_key_reused" }],
    ["an unknown job", (at) => at.trigger("nothing"), { code: "job_not_found" }],
    ["an unknown run", (at) => at.cancel("0".repeat(26)), { code: "run_not_found" }],
    ["what is no id of a run", (at) => at.cancel("run"), { code: "run_not_found" }],
    ["too old", (at) => at.create(minimalJob, { time: START - 36 * HOUR - SECOND }), { code: "command_too_old" }],
    ["too far ahead", (at) => at.create(minimalJob, { time: START + 37 * HOUR }), { code: "command_too_old" }],
    ["another tenant", (at) => at.create(minimalJob, { tenantId: "theirs" }), { code: "unknown_tenant" }],
    ["an id of spaces", (at) => at.create(minimalJob, { id: "a b" }), { code: "bad_command_id" }],
    ["an id without end", (at) => at.create(minimalJob, { id: "x".repeat(256) }), { code: "bad_command_id" }],
  ];
  test.each(refusals)("%s", async (_, command, refusal) => {
    await using at = await setup();
    await at.tell(
      at.create({ ...minimalJob, name: "Other" }, { jobId: "ping", id: "used-for-ping" }),
      at.create({ ...minimalJob, name: "Used" }, { id: "used" }),
    );
    const refused = command(at);
    const replies = byCommand(await at.tell(refused, at.trigger("ping", { id: "next" })));
    expect(replies[refused.id]).toMatchObject({
      type: "CommandRefused",
      id: `${refused.id}-refused`,
      data: { commandId: refused.id, command: refused.type, ...refusal },
    });
    expect(replies["next"]?.type).toBe("CommandAnswered");
    expect(await at.jobs()).toHaveLength(2);
  });
});

test("a command whose data cannot be read is refused with the reason; other events are ignored", async () => {
  await using at = await setup();
  const { bus, requests } = recording(at.bus);
  const metrics = new Registry();
  await createCommandConsumer({ ...(at as unknown as ApiContext), bus, metrics }).start();
  const { data: _, ...envelope } = at.trigger("ping", { id: "t-1", subject: "ping" });
  const reason = "jobId must be a string";
  await requests[0]?.onUnreadable?.([
    { ...envelope, id: "d-1", type: "JobDue", reason },
    { ...envelope, reason },
  ]);
  while (at.replies.length === 0) await new Promise((next) => setImmediate(next));
  expect(at.replies).toMatchObject([
    {
      type: "CommandRefused",
      id: "t-1-refused",
      subject: "ping",
      tenantId: "default",
      data: { commandId: "t-1", commandSource: "billing", command: "TriggerJob", code: "unreadable_command", errors: [] },
    },
  ]);
  expect(at.replies[0]?.data).toHaveProperty("detail", `its data cannot be read: ${reason}`);
  expect(await metrics.getSingleMetricAsString("tickline_commands_total")).toMatch(/command="TriggerJob",outcome="refused"\} 1/);
});

/** A bus, and what was asked of it. */
function recording(bus: Bus) {
  const requests: SubscribeRequest[] = [];
  const subscribe: Bus["subscribe"] = (request) => {
    requests.push(request);
    return bus.subscribe(request);
  };
  return { requests, bus: { ...bus, subscribe } };
}

test("a command may be as old as half of the retention of its topic, and never older than the record of its id", () => {
  expect([DAY, 3 * DAY, 365 * DAY].map(maxCommandAgeMs)).toEqual([DAY / 2, 1.5 * DAY, 3.5 * DAY]);
});

describe("faults", () => {
  /** A store whose creation of jobs fails a few times. */
  const failing =
    (times: number, fault: Error) =>
    (store: Store): Store => ({
      ...store,
      jobs: { ...store.jobs, create: (...request) => ((times -= 1) >= 0 ? Promise.reject(fault) : store.jobs.create(...request)) },
    });

  test("a command waits while the store is unavailable", async () => {
    await using at = await setup({ wrapStore: failing(2, new AppError("store_unavailable", "away", { retryable: true })) });
    const [reply] = await at.tell(at.create(minimalJob));
    expect(reply?.type).toBe("CommandAnswered");
    expect(await at.jobs()).toHaveLength(1);
  });

  test("an answer of the store that is lost makes no second job and no second run", async () => {
    const losing = new Set(["jobs.create", "dueJobs.fire", "requests.bind"]);
    const loseAnswer = (method: string): boolean => losing.delete(method);
    await using at = await setup({ faults: { loseAnswer } });
    await at.tell(at.create(minimalJob, { jobId: "ping" }), at.trigger("ping"), at.create(minimalJob));
    expect(losing.size).toBe(0);
    expect(await at.jobs()).toHaveLength(2);
    expect(await at.runs()).toHaveLength(1);
  });

  test("an internal fault is a refusal without its message, and the next command is carried out", async () => {
    await using at = await setup({ wrapStore: failing(1, new Error("secret")) });
    const replies = byCommand(await at.tell(at.create(minimalJob, { id: "first" })));
    expect(replies["first"]).toMatchObject({ type: "CommandRefused", data: { code: "internal" } });
    expect(JSON.stringify(replies)).not.toContain("secret");
    expect((await at.tell(at.create(minimalJob)))[0]?.type).toBe("CommandAnswered");
  });
});
