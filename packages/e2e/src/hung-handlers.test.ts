import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, jest, test } from "@jest/globals";
import type { RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { eventually, runProduct } from "./product/running-product.ts";

jest.setTimeout(120_000);

const endings = createEndings();
afterEach(endings.run);

const HUNG = 200;
/** Of 200 workers, those that are reserved neither for `high` nor for `low`. */
const OF_DEFAULT = 180;
const DAY_MS = 86_400_000;

/** A target that never answers `/hang`, and all else at once. */
async function startTarget() {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    if (request.url !== "/hang") response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.add(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // A listening TCP server has an address.
  return { url: `http://127.0.0.1:${port}`, hangs: () => paths.filter((path) => path === "/hang").length };
}

async function setup() {
  const target = await startTarget();
  const { call } = await runProduct(endings, { dataDir: join(temporaryFolder(endings), "data") });
  const put = (id: string, path: string, fields: object = {}): Promise<unknown> =>
    call("PUT", `/jobs/${id}`, {
      name: id,
      handler: "http",
      params: { url: `${target.url}${path}` },
      schedule: "every 30d",
      timeoutMs: DAY_MS,
      ...fields,
    });
  const trigger = async (id: string): Promise<string> => (await call<RunView>("POST", `/jobs/${id}/trigger`)).id;
  const readState = async (runId: string): Promise<string> => (await call<RunView>("GET", `/runs/${runId}`)).state;
  const ends = (runId: string, state: string): Promise<true> => eventually(async () => ((await readState(runId)) === state ? true : null));
  const hung = (count: number): Promise<true> => eventually(() => (target.hangs() === count ? true : null));
  return { call, put, trigger, readState, ends, hung };
}

test("200 jobs that hang stop their own queue alone, and free their workers when they are deleted with cancelRunning", async () => {
  const { call, put, trigger, readState, ends, hung } = await setup();
  const ids = Array.from({ length: HUNG }, (_, index) => `hung-${index}`);
  for (const id of ids) await put(id, "/hang");
  const runs = await Promise.all(ids.map(trigger));
  await hung(OF_DEFAULT);

  await put("on-high", "/", { queue: "high" });
  await put("on-low", "/", { queue: "low" });
  await put("on-default", "/");
  const [high, low, waiting] = [await trigger("on-high"), await trigger("on-low"), await trigger("on-default")];
  await ends(high, "succeeded");
  await ends(low, "succeeded");
  expect(await readState(waiting)).toBe("due");

  for (const id of ids) await call("DELETE", `/jobs/${id}?cancelRunning=true`);
  await ends(waiting, "succeeded");
  await Promise.all(runs.map((run) => ends(run, "cancelled")));
});

test("a job of which 200 runs hang leaves the other jobs of its queue half of the workers", async () => {
  const { call, put, trigger, ends, hung } = await setup();
  await put("hung", "/hang", { overlap: "allow" });
  const runs = await Promise.all(Array.from({ length: HUNG + 50 }, () => trigger("hung")));
  await hung(HUNG / 2);
  await put("other", "/");
  await ends(await trigger("other"), "succeeded");
  await call("DELETE", "/jobs/hung?cancelRunning=true");
  await Promise.all(runs.map((run) => ends(run, "cancelled")));
});
