import { describe, expect, test } from "@jest/globals";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { minimalJob } from "../api-under-test.test-support.ts";
import { editsUnderTest } from "./edits.test-support.ts";

const iso = (instant: number): string => new Date(instant).toISOString();

describe("state", () => {
  test("a job is made paused, by POST as by PUT, and does not fire until it is resumed", async () => {
    await using at = await editsUnderTest();
    const posted = await at.call("POST /jobs", { body: { ...minimalJob, state: "paused" } });
    expect(posted).toMatchObject({ status: 201, body: { state: "paused", nextRunAt: null, version: 1 } });
    expect(await at.put("ping", { state: "paused" })).toMatchObject({ status: 201, body: { state: "paused", nextRunAt: null } });
    at.clock.advance(10 * MINUTE);
    expect(await at.patch("ping", { name: "still paused" })).toMatchObject({ body: { state: "paused", nextRunAt: null } });
    expect(await at.runs("ping")).toEqual([]);
    const resumed = await at.patch("ping", { state: "active" });
    expect(resumed.body).toMatchObject({ state: "active", nextRunAt: iso(START + 11 * MINUTE) });
    expect(await at.runs("ping")).toMatchObject([{ state: "skipped", reason: "paused", count: 10 }]);
  });

  test.each(["put", "patch"] as const)("%s pauses and resumes in the same edit that changes other fields", async (method) => {
    await using at = await editsUnderTest();
    await at.put("ping");
    const paused = await at[method]("ping", { name: "Pong", state: "paused" });
    expect(paused.body).toMatchObject({ name: "Pong", state: "paused", nextRunAt: null, version: 2 });
    const resumed = await at[method]("ping", { name: "Ping", schedule: "every 2m", state: "active" });
    expect(resumed.body).toMatchObject({ name: "Ping", state: "active", nextRunAt: iso(START + 2 * MINUTE), version: 3 });
    expect((await at[method]("ping", { name: "Ping", schedule: "every 2m", state: "active" })).body).toMatchObject({ version: 3 });
  });

  test("a PUT without it does not change it", async () => {
    await using at = await editsUnderTest();
    await at.put("ping", { state: "paused" });
    expect((await at.put("ping", { name: "Pong" })).body).toMatchObject({ name: "Pong", state: "paused" });
  });

  test("a key gives the same paused job again, an active one as it is by default, and 409 where the other is asked for", async () => {
    await using at = await editsUnderTest();
    const post = (state: object, key: string) =>
      at.call("POST /jobs", { body: { ...minimalJob, ...state }, headers: { "Idempotency-Key": key } });
    const [paused, active] = [await post({ state: "paused" }, "a"), await post({}, "b")];
    expect((await post({ state: "paused" }, "a")).body).toMatchObject({ id: paused.body.id, state: "paused" });
    expect((await post({ state: "active" }, "b")).body).toMatchObject({ id: active.body.id, state: "active" });
    for (const [state, key] of [
      ["active", "a"],
      ["paused", "b"],
    ] as const)
      expect(await post({ state }, key)).toMatchObject({ status: 409, body: { code: "idempotency_key_reused" } });
  });

  test.each(["put", "patch"] as const)("%s changes it only at the version that If-Match wants", async (method) => {
    await using at = await editsUnderTest();
    await at.put("ping");
    expect((await at[method]("ping", { state: "paused" }, { "If-Match": '"2"' })).status).toBe(412);
    expect((await at.call("GET /jobs/ping")).body).toMatchObject({ state: "active", version: 1 });
    expect((await at[method]("ping", { state: "paused" }, { "If-Match": '"1"' })).body).toMatchObject({ state: "paused", version: 2 });
  });

  test.each(["put", "patch"] as const)(
    "%s pauses no finished job, whose next schedule would fire; with that schedule it does",
    async (method) => {
      await using at = await editsUnderTest();
      await at.put("ping", { schedule: { at: iso(START + SECOND) } });
      at.clock.advance(MINUTE);
      const once = { schedule: { at: iso(START + SECOND) } };
      expect((await at.put("ping", { ...once, name: "Fired" })).body).toMatchObject({ state: "finished" });
      expect(await at[method]("ping", { ...once, state: "paused" })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: "/state" }] },
      });
      expect((await at[method]("ping", { ...once, state: "active" })).body).toMatchObject({ state: "finished" }); // As it ends by itself.
      expect((await at[method]("ping", { schedule: "every 1m", state: "paused" })).body).toMatchObject({
        state: "paused",
        nextRunAt: null,
      });
    },
  );

  test("finished may be sent back, and cannot be asked for", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    const fault = { status: 400, body: { errors: [{ pointer: "/state", code: "invalid_value" }] } };
    expect(await at.put("ping", { state: "finished" })).toMatchObject(fault);
    expect(await at.patch("ping", { state: "finished" })).toMatchObject(fault);
    expect(await at.put("new", { state: "finished" })).toMatchObject(fault);
    expect(await at.call("POST /jobs", { body: { ...minimalJob, state: "finished" } })).toMatchObject(fault);
  });
});
