import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import type { Store } from "@tickline/shared/ports/store/store";
import { START } from "@tickline/shared/testing/factories";
import { apiUnderTest, HANDLERS, minimalJob, type ApiSetup } from "./api-under-test.test-support.ts";

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  return { ...under, [Symbol.asyncDispose]: under.stop };
}

/** A store of which nothing answers any more once it is `away`. */
function storeThatLeaves(fault: Error) {
  let away = false;
  const guard = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return typeof value === "object" && value !== null ? guard(value) : value;
        return (...parts: unknown[]): unknown => (away ? Promise.reject(fault) : value.apply(target, parts));
      },
    });
  const ports = (store: Store): Store =>
    Object.fromEntries(
      Object.entries(store).map(([name, port]) => [name, typeof port === "function" ? guard({ port }).port : guard(port as object)]),
    ) as unknown as Store;
  return { wrapStore: ports, leave: () => void (away = true), comeBack: () => void (away = false) };
}
const outage = new AppError("store_unavailable", "the disk is full", { retryable: true });

describe("while the store is unavailable", () => {
  const requests: readonly (readonly [string, object | undefined])[] = [
    ["POST /jobs", minimalJob],
    ["GET /jobs", undefined],
    ["GET /jobs/ping", undefined],
    ["PUT /jobs/ping", minimalJob],
    ["PATCH /jobs/ping", { name: "x" }],
    ["DELETE /jobs/ping", undefined],
    ["POST /jobs/ping/pause", undefined],
    ["POST /jobs/ping/resume", undefined],
    ["POST /jobs/ping/trigger", undefined],
    ["GET /jobs/ping/runs", undefined],
    ["GET /runs", undefined],
    ["GET /runs/01KE70EHG0VCYVAJ10SJX66YGA", undefined],
    ["POST /runs/01KE70EHG0VCYVAJ10SJX66YGA/cancel", undefined],
    ["POST /runs/01KE70EHG0VCYVAJ10SJX66YGA/retry", undefined],
    ["GET /handlers", undefined],
    ["GET /readyz", undefined],
  ];

  test("every route that needs it answers 503 with Retry-After, and works again afterwards", async () => {
    const { wrapStore, leave, comeBack } = storeThatLeaves(outage);
    await using at = await setup({ wrapStore });
    await at.call("PUT /jobs/ping", { body: minimalJob });
    leave();
    for (const [request, body] of requests) {
      const { status, headers, body: answer } = await at.call(request, { body });
      expect([request, status, answer.code, headers.get("retry-after")]).toEqual([request, 503, "store_unavailable", "1"]);
      expect(JSON.stringify(answer)).not.toContain("disk"); // What is wrong inside is for the log.
    }
    comeBack();
    expect((await at.call("GET /jobs/ping")).status).toBe(200);
    expect((await at.call("GET /readyz")).status).toBe(200);
  });

  test("/livez and the preview of schedules answer", async () => {
    const { wrapStore, leave } = storeThatLeaves(outage);
    await using at = await setup({ wrapStore });
    leave();
    expect((await at.call("GET /livez")).status).toBe(200);
    expect((await at.call("POST /schedules/preview", { body: { schedule: "daily" } })).status).toBe(200);
  });

  test("an unexpected fault is answered with 500, without its message", async () => {
    const { wrapStore, leave } = storeThatLeaves(new TypeError("secret of params"));
    await using at = await setup({ wrapStore });
    leave();
    const { status, body } = await at.call("GET /jobs");
    expect([status, body.code]).toEqual([500, "internal"]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  test("it starts without it", async () => {
    const { wrapStore, leave, comeBack } = storeThatLeaves(outage);
    leave();
    await using at = await setup({ wrapStore });
    expect((await at.call("GET /livez")).status).toBe(200);
    comeBack();
    await at.store.handlers.publish(HANDLERS);
    at.clock.advance(1_000);
    expect((await at.call("POST /jobs", { body: minimalJob })).status).toBe(201);
  });

  test("a store that takes no writes makes it unready, and reads are still answered", async () => {
    let refusal: string | null = "write to the store: database or disk is full";
    await using at = await setup({ wrapStore: (store) => ({ ...store, refusal: () => refusal }) });
    const { status, body, headers } = await at.call("GET /readyz");
    expect([status, body.code, headers.get("retry-after")]).toEqual([503, "store_unavailable", "1"]);
    expect(body.detail).toContain("refuses writes");
    expect((await at.call("GET /jobs")).status).toBe(200);
    refusal = null;
    expect((await at.call("GET /readyz")).status).toBe(200);
  });

  test("a store that hangs makes it unready", async () => {
    const asked = Promise.withResolvers<void>();
    let hangs = false;
    const ping = async (): Promise<{ now: number }> => {
      if (!hangs) return { now: START };
      asked.resolve();
      return new Promise(() => undefined);
    };
    await using at = await setup({ wrapStore: (store) => ({ ...store, ping }) });
    hangs = true;
    const ready = at.call("GET /readyz");
    await asked.promise;
    at.clock.advance(2_000);
    expect(await ready).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
  });
});

describe("routes about the service", () => {
  test("/handlers shows what executors have published, by type", async () => {
    await using at = await setup();
    const { status, body } = await at.call("GET /handlers");
    expect([status, body.items.map(({ type }: { type: string }) => type)]).toEqual([200, ["http", "noop"]]);
    expect(body.items[0]).toEqual({ ...HANDLERS[0], lastSeenAt: new Date(START).toISOString() });
  });

  test("/metrics counts answers by route, and not by id", async () => {
    await using at = await setup();
    await at.call("GET /jobs/a");
    await at.call("GET /jobs/b");
    await at.call("GET /nowhere/1");
    const { body, headers } = await at.call("GET /metrics");
    expect(headers.get("content-type")).toMatch(/^text\/plain/);
    expect(body).toContain('tickline_http_request_seconds_count{method="GET",route="/jobs/:id",status="404"} 2');
    expect(body).toContain('tickline_http_request_seconds_count{method="GET",route="none",status="404"} 1');
    expect(body).toContain("tickline_projection_lag_seconds 0");
    expect(body).toContain("tickline_event_streams 0");
  });

  test("/schedules/preview shows instants and what may surprise", async () => {
    await using at = await setup();
    const { body } = await at.call("POST /schedules/preview", {
      body: { schedule: "30 2 * * * Europe/Berlin", from: "2026-03-28T00:00:00Z", count: 3 },
    });
    expect(body).toMatchObject({
      schedule: { cron: "30 2 * * *", timezone: "Europe/Berlin" },
      next: ["2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"],
      nextLocal: ["2026-03-28T02:30:00.000+01:00", "2026-03-29T03:00:00.000+02:00", "2026-03-30T02:30:00.000+02:00"],
    });
    expect(body.notes).toHaveLength(1);
  });

  test("/schedules/preview counts from now, begins with the first instant, and stops where the schedule does", async () => {
    await using at = await setup();
    const preview = async (body: object) => (await at.call("POST /schedules/preview", { body })).body.next;
    expect(await preview({ schedule: "every 1h" })).toHaveLength(5);
    expect(await preview({ schedule: { every: "1h", maxRuns: 2 } })).toEqual(["2026-01-05T13:00:00.000Z", "2026-01-05T14:00:00.000Z"]);
    expect(await preview({ schedule: "0 12 * * *", count: 1 })).toEqual(["2026-01-06T12:00:00.000Z"]); // A job made now does not fire now.
    expect(await preview({ schedule: "0 12 * * *", count: 1, from: "2026-01-05T12:00:00Z" })).toEqual(["2026-01-05T12:00:00.000Z"]);
    const past = { schedule: { at: "2020-01-01T00:00:00Z" }, from: "2020-01-01T00:00:00Z" };
    expect(await preview(past)).toEqual(["2020-01-01T00:00:00.000Z"]);
  });

  test("/schedules/preview accepts what a job is made with, and refuses the rest in the same words", async () => {
    await using at = await setup();
    const schedules = [
      { at: "2020-01-01T00:00:00Z" },
      { at: "2026-01-05T11:58:59.999Z" },
      { at: "2026-01-05T11:59:00Z" }, // A minute ago: it fires late.
      { at: "2026-01-05T11:30", timezone: "Europe/Berlin" },
      { every: "1m", endAt: "2026-01-05T11:00:00Z" },
      { cron: "0 9 * * *", endAt: "2026-01-05T11:00:00Z" },
      "daily at 09:00",
    ];
    const statuses = [];
    for (const schedule of schedules) {
      const preview = await at.call("POST /schedules/preview", { body: { schedule } });
      const created = await at.call("POST /jobs", { body: { ...minimalJob, schedule } });
      expect(preview.status).toBe(created.status === 201 ? 200 : created.status);
      if (created.status === 201) expect(preview.body.next[0]).toBe(created.body.nextRunAt);
      else expect(preview.body.errors).toEqual(created.body.errors);
      statuses.push(created.status);
    }
    expect(statuses).toEqual([400, 400, 201, 400, 400, 400, 201]);
  });

  test("answers are not to be run, framed, sniffed or kept", async () => {
    await using at = await setup();
    const { headers } = await at.call("GET /jobs");
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers.has("x-powered-by")).toBe(false);
  });

  test("a page of this very service may change things", async () => {
    await using at = await setup();
    const reply = await at.call("POST /jobs", { body: minimalJob, headers: { "sec-fetch-site": "same-origin" } });
    expect(reply.status).toBe(201);
  });
});
