import { expect, test } from "@jest/globals";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";

async function setup() {
  const lines: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  const info = (fields: Record<string, unknown>, message: string): void => void lines.push({ fields, message });
  const log = { debug() {}, info, warn() {}, error() {} } as unknown as Logger;
  const under = await apiUnderTest({ log });
  async function triggered(): Promise<string> {
    await under.call("PUT /jobs/ping", { body: minimalJob });
    return (await under.call("POST /jobs/ping/trigger")).body.id as string;
  }
  return { ...under, lines, triggered, [Symbol.asyncDispose]: under.stop };
}

test("a run that is cancelled before it has started is one line of the log", async () => {
  await using at = await setup();
  const run = await at.triggered();
  await at.call(`POST /runs/${run}/cancel`);
  await at.call(`POST /runs/${run}/cancel`);
  expect(at.lines).toMatchObject([{ fields: { job: "ping", run, attempt: 1, handler: "noop" }, message: "a run was cancelled" }]);
});

test.each([
  ["DELETE", undefined, "job_deleted"],
  ["PATCH", { queue: "high" }, "job_edited"],
])("so is each that %s of its job cancels, with the reason", async (method, body, reason) => {
  await using at = await setup();
  const runs = [await at.triggered(), await at.triggered()].toSorted();
  await at.call(`${method} /jobs/ping`, { body });
  const said = at.lines.map(({ fields, message }) => `${String(fields["run"])} ${String(fields["reason"])} ${message}`);
  expect(said.toSorted()).toEqual(runs.map((run) => `${run} ${reason} a run was cancelled`));
});
