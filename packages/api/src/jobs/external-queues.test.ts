import { expect, test } from "@jest/globals";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";

async function setup() {
  const under = await apiUnderTest({ config: { queues: ["default", "python"], externalQueues: ["python"] } });
  return { ...under, [Symbol.asyncDispose]: under.stop };
}
const outside = { ...minimalJob, queue: "python", handler: "anything", params: { url: 5 } };

test("a job on an external queue may name any handler, with any params", async () => {
  await using at = await setup();
  for (const handler of ["anything", "http"])
    expect((await at.call(`PUT /jobs/${handler}`, { body: { ...outside, handler } })).status).toBe(201);
  expect((await at.call("POST /jobs/http/trigger", { body: { params: { url: 6 } } })).status).toBe(202);
  expect((await at.call("PUT /jobs/other", { body: { ...outside, handler: "Not A Name" } })).body.errors).toMatchObject([
    { pointer: "/handler" },
  ]);
});

test("moved to our own executors, such a job has to name one of theirs", async () => {
  await using at = await setup();
  await at.call("PUT /jobs/py", { body: outside });
  const moved = await at.call("PATCH /jobs/py", { body: { queue: "default" } });
  expect(moved).toMatchObject({ status: 400, body: { errors: [{ code: "unknown_handler" }] } });
  expect((await at.call("PATCH /jobs/py", { body: { queue: "default", handler: "noop" } })).status).toBe(200);
});

test("the answer to a body with other faults lists no fault of its handler", async () => {
  await using at = await setup();
  expect((await at.call("POST /jobs", { body: { ...outside, timeoutMs: 0 } })).body.errors).toMatchObject([{ pointer: "/timeoutMs" }]);
});
