import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { describeWithOwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobView, RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { eventually } from "./product/running-product.ts";
import { startServices, type Services } from "./services/services.ts";

const START_MS_MAX = 240_000;
/** A lease, the time that it is watched, and the start of a process, on a busy machine. */
const DONE_MS_MAX = 150_000;

jest.setTimeout(START_MS_MAX);

const HANDLERS = `import { defineHandler } from "tickline";
import { z } from "zod";
import { setTimeout as sleep } from "node:timers/promises";

const handler = (type, act) =>
  defineHandler({
    type,
    params: z.object({}),
    async run({ attempt, signal }) {
      if (attempt === 1) act?.();
      await sleep(8_000, undefined, { signal });
      return "done";
    },
  });
export default [
  handler("innocent"),
  handler("throws-once", () => void setTimeout(() => { throw new Error("nobody catches this"); }, 500)),
];
`;

await describeWithOwnServers("an executor that ends by an error of a handler", ["kafka", "mongodb", "redis"], (servers) => {
  const endings = createEndings();
  let services: Services;

  beforeAll(async () => {
    const handlers = join(temporaryFolder(endings), "handlers");
    mkdirSync(handlers);
    writeFileSync(join(handlers, "handlers.mjs"), HANDLERS);
    services = await startServices(endings, {
      STORE_URL: `${servers.mongodbUrl}/tickline-crash`,
      BUS_URL: `kafka://${servers.kafkaBrokers}`,
      LOCK_URL: servers.redisUrl,
      HANDLERS_DIR: handlers,
      LOG_LEVEL: "error",
    });
  }, START_MS_MAX);
  afterAll(() => endings.run());

  async function trigger(handler: string): Promise<string> {
    const job = { name: handler, handler, schedule: { at: "2099-01-01T00:00:00Z" } };
    const { id } = await services.call<JobView>("POST", "/jobs", job);
    await services.call("POST", `/jobs/${id}/trigger`);
    return id;
  }
  const done = (jobId: string): Promise<RunView> =>
    eventually(
      async () => (await services.listRuns(jobId)).find(({ state }) => ["succeeded", "failed"].includes(state)) ?? null,
      DONE_MS_MAX,
    );

  test("leaves what was at work to its leases, says what it was, and gives nothing back", async () => {
    const innocent = await trigger("innocent");
    await eventually(async () => ((await services.listRuns(innocent))[0]?.state === "running" ? true : null), DONE_MS_MAX);
    for (const job of [innocent, await trigger("throws-once")])
      expect(await done(job)).toMatchObject({ state: "succeeded", attempt: 2, attempts: [{ state: "lost" }, { state: "succeeded" }] });
    const [crash, ...more] = services.executorCrashes();
    expect(more).toEqual([]);
    expect(crash).toContain("executor ended by itself with 1");
    expect(crash).toContain('"thrownIn":{"handler":"throws-once"');
    await services.end();
  });
});
