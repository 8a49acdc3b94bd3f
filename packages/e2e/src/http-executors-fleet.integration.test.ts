import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { JobView, RunView } from "./driver/views.ts";
import { createEndings } from "./product/endings.ts";
import { REPOSITORY } from "./product/product-process.ts";
import { eventually } from "./product/running-product.ts";
import { startChild, type Child } from "./services/child.ts";
import { startHeldTarget } from "./services/held-target.ts";
import { describeWithPython, executorName } from "./services/python-example.ts";
import { startServices, type Services } from "./services/services.ts";

/** The example of an executor over HTTP in Python, at the api of the three services on real servers. */

const FOLDER = join(REPOSITORY, "examples/http-executor");
const START_MS_MAX = 240_000;
/** A loaded machine may take its time; nothing here is about speed. */
const SOON_MS_MAX = 90_000;
const LEASE_MS = 3_000;

jest.setTimeout(180_000);

await describeWithPython("an executor over HTTP at the three services", ["kafka", "mongodb", "redis"], (servers) => {
  const [ofFile, endings] = [createEndings(), createEndings()];
  let services: Services;

  beforeAll(async () => {
    services = await startServices(ofFile, {
      STORE_URL: `${servers.mongodbUrl}/tickline-http`,
      BUS_URL: `kafka://${servers.kafkaBrokers}`,
      LOCK_URL: servers.redisUrl,
      EXTERNAL_QUEUES: "python",
      LOG_LEVEL: "error",
    });
  }, START_MS_MAX);
  afterEach(() => endings.run());
  afterAll(async () => {
    await services.end();
    await ofFile.run();
  }, START_MS_MAX);

  async function startExecutor(): Promise<Child> {
    const env = { TICKLINE_URL: services.address, LEASE_MS: String(LEASE_MS), PYTHONDONTWRITEBYTECODE: "1" };
    const child = startChild(endings, { command: "python3", args: ["executor.py"], cwd: FOLDER, env });
    await child.said(/takes runs of/);
    return child;
  }
  async function due(job: object): Promise<string> {
    const { id } = await services.call<JobView>("POST", "/jobs", {
      name: "Over HTTP",
      queue: "python",
      schedule: { at: "2099-01-01T00:00:00Z" },
      retry: { delayMs: 100, jitter: "none" },
      ...job,
    });
    return (await services.call<RunView>("POST", `/jobs/${id}/trigger`)).id;
  }
  const ended = (runId: string): Promise<RunView> =>
    eventually(async () => {
      const run = await services.call<RunView>("GET", `/runs/${runId}`);
      return ["succeeded", "failed", "cancelled"].includes(run.state) ? run : null;
    }, SOON_MS_MAX);

  test("a claim that waits gets a run that becomes due, and a failure is retried", async () => {
    const executor = executorName(await startExecutor());
    expect(await ended(await due({ handler: "greet", params: { who: "the fleet", failures: 1 } }))).toMatchObject({
      state: "succeeded",
      output: { said: "hello the fleet" },
      attempts: [
        { state: "failed", executor },
        { state: "succeeded", executor },
      ],
    });
  });

  test("killed in the middle of its work, another executor does it once more", async () => {
    const target = await startHeldTarget(endings);
    const first = await startExecutor();
    const runId = await due({ handler: "call", params: { url: target.url, body: {} } });
    const call = await target.called();
    first.signal("SIGKILL");
    const second = await startExecutor();
    const again = await target.called();
    expect([call.runId, again.runId]).toEqual([runId, runId]);
    again.answer();
    expect(await ended(runId)).toMatchObject({
      state: "succeeded",
      attempts: [
        { state: "lost", executor: executorName(first) },
        { state: "succeeded", executor: executorName(second) },
      ],
    });
  });
});
