import { describe, expect, test } from "@jest/globals";
import { newJob } from "@tickline/shared/testing/factories";
import { addJob } from "@tickline/shared/testing/contracts/store-steps";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";

const TIMEOUT_MS_MAX = 30_000;
const refused = { errors: [{ pointer: "/timeoutMs", code: "too_big", message: "must be at most 30000" }] };

/** An api that takes timeouts up to 30 s, and a job of an hour that is there already. */
async function setup() {
  const under = await apiUnderTest({ config: { timeoutMsMax: TIMEOUT_MS_MAX } });
  const { params, timeoutMs } = { params: {}, timeoutMs: 3_600_000 };
  await addJob(under.store, newJob({ id: "old", definition: { handler: "noop", params, timeoutMs } }));
  return { ...under, [Symbol.asyncDispose]: under.stop };
}

describe("the largest timeout is a setting", () => {
  test.each([
    ["POST /jobs", { ...minimalJob, timeoutMs: 30_001 }],
    ["PUT /jobs/new", { ...minimalJob, timeoutMs: 30_001 }],
    ["PUT /jobs/old", { ...minimalJob, timeoutMs: 3_600_000 }],
    ["PATCH /jobs/old", { timeoutMs: 3_600_000 }],
  ])("%s says the limit", async (request, body) => {
    await using at = await setup();
    expect(await at.call(request, { body })).toMatchObject({ status: 400, body: refused });
  });

  test("the default timeout of a job is not longer", async () => {
    await using at = await setup();
    expect((await at.call("POST /jobs", { body: minimalJob })).body).toMatchObject({ timeoutMs: TIMEOUT_MS_MAX });
    expect((await at.call("PATCH /jobs/old", { body: { timeoutMs: null } })).body).toMatchObject({ timeoutMs: TIMEOUT_MS_MAX });
  });

  test("a job that has a longer one is shown, keeps it through other changes, and is paused and triggered as before", async () => {
    await using at = await setup();
    expect((await at.call("GET /jobs/old")).body).toMatchObject({ timeoutMs: 3_600_000 });
    expect((await at.call("PATCH /jobs/old", { body: { name: "Old" } })).body).toMatchObject({ name: "Old", timeoutMs: 3_600_000 });
    expect((await at.call("POST /jobs/old/trigger")).status).toBe(202);
    expect((await at.call("POST /jobs/old/pause")).body).toMatchObject({ state: "paused", timeoutMs: 3_600_000 });
  });

  test("the document shows it", async () => {
    await using at = await setup();
    const { body } = await at.call("GET /openapi.json");
    for (const name of ["JobInput", "JobReplacement"])
      expect(body.components.schemas[name].properties.timeoutMs).toMatchObject({ maximum: TIMEOUT_MS_MAX, default: TIMEOUT_MS_MAX });
    expect(JSON.stringify(body.components.schemas.JobPatch.properties.timeoutMs)).toContain(`"maximum":${TIMEOUT_MS_MAX}`);
  });
});
