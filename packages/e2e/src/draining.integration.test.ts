import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { describeWithOwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import { runAdminCommand } from "./fleet/run-admin-command.ts";
import { startService, type Role, type ServiceProcess, type Settings } from "./fleet/service-process.ts";
import { createApiClient } from "./driver/api-client.ts";
import { createEndings } from "./product/endings.ts";
import { eventually } from "./product/running-product.ts";
import { startHeldTarget } from "./services/held-target.ts";

/** Topics are made, and processes started, on a machine that is busy with other things. */
const START_MS_MAX = 240_000;
jest.setTimeout(START_MS_MAX);

const endings = createEndings();
afterEach(endings.run);

await describeWithOwnServers("a stop of each service", ["kafka", "mongodb", "redis"], (servers) => {
  let settings: Settings;

  beforeAll(async () => {
    settings = {
      STORE_URL: `${servers.mongodbUrl}/tickline-draining`,
      BUS_URL: `kafka://${servers.kafkaBrokers}`,
      LOCK_URL: servers.redisUrl,
      LOG_LEVEL: "warn",
      PORT: "0",
    };
    await runAdminCommand("topics", settings);
  }, START_MS_MAX);

  async function start(role: Role, own: Settings = {}): Promise<ServiceProcess & { readonly address: string }> {
    const service = startService(role, { ...settings, ...own });
    endings.add(() => service.signal("SIGKILL"));
    return { ...service, address: await service.up };
  }
  /** The answer of `/readyz`; null: there is no answer, or it is as given. */
  async function readiness(address: string, besides: number): Promise<{ status: number; code: unknown } | null> {
    const answer = await fetch(`${address}/readyz`).catch(() => null);
    if (answer === null || answer.status === besides) return null;
    const { code } = (await answer.json()) as { code?: unknown };
    return { status: answer.status, code };
  }

  test("the api says so on /readyz from SIGTERM on, finishes what is under way, and takes nothing new after that", async () => {
    const executor = await start("executor"); // It publishes the handler that jobs name.
    const api = await start("api", { DRAIN_NOTICE_MS: "1000" });
    await eventually(() => readiness(api.address, 503));
    const slow = await halfSent(api.address);
    api.signal("SIGTERM");
    expect(await eventually(() => readiness(api.address, 200))).toEqual({ status: 503, code: "shutting_down" });
    const late = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(JOB) };
    await eventually(async () => ((await fetch(`${api.address}/jobs/late`, late)).status === 503 ? true : null));
    expect(await readiness(api.address, 200)).toEqual({ status: 503, code: "shutting_down" });
    expect(await slow.finish()).toMatch(/^HTTP\/1\.1 201 /);
    expect(await api.ended).toBe(0);
    executor.signal("SIGTERM");
    expect(await executor.ended).toBe(0);
  });

  test("the executor says so on /readyz while a run finishes, and claims nothing more", async () => {
    const target = await startHeldTarget(endings);
    const [executor, scheduler, api] = [await start("executor"), await start("scheduler"), await start("api")];
    const client = createApiClient(() => api.address);
    const at = new Date(Date.now() + 500).toISOString();
    const job = { name: "held", schedule: { at }, handler: "http", params: { url: target.url } };
    await eventually(async () => {
      const reply = await client.send({ method: "PUT", path: "/jobs/held", body: job });
      return reply.kind === "answered" && reply.status === 201 ? true : null;
    });
    const call = await target.called();
    executor.signal("SIGTERM");
    expect(await eventually(() => readiness(executor.address, 200))).toEqual({ status: 503, code: "shutting_down" });
    call.answer();
    expect(await executor.ended).toBe(0);
    const reply = await client.send({ method: "GET", path: "/jobs/held/runs" });
    expect(reply).toMatchObject({ body: { items: [{ state: "succeeded", attempt: 1 }] } });
    for (const service of [scheduler, api]) {
      service.signal("SIGTERM");
      expect(await service.ended).toBe(0);
    }
  });

  test.each<[Role, Settings, string]>([
    ["api", { DRAIN_NOTICE_MS: "60000" }, "Stopping: requests are served for 60 s more"],
    ["scheduler", {}, "Stopping; no run is at work."],
    ["executor", {}, "Stopping; no run is at work."],
  ])("ctrl-C at the %s says at once what is waited for, and that a second one ends it", async (role, own, said) => {
    const service = await start(role, own);
    service.signal("SIGINT");
    await eventually(() => (service.stderr().includes(said) ? true : null));
    expect(service.stderr()).toContain("ctrl-C again ends the process at once");
    service.signal("SIGINT");
    expect([0, 1]).toContain(await service.ended); // 0: it had ended by itself, as only the api is sure to wait.
    if (role === "api") expect(await service.ended).toBe(1);
  });
});

const JOB = { name: "late", schedule: "every 1h", handler: "http", params: { url: "http://127.0.0.1:1/" } };

/** A request whose body comes when the test says so. */
async function halfSent(address: string): Promise<{ finish(): Promise<string> }> {
  const { hostname, port } = new URL(address);
  const socket: Socket = connect(Number(port), hostname);
  const body = JSON.stringify({ ...JOB, name: "slow" });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => void (answer += text));
  socket.write(
    `POST /jobs HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  );
  await once(socket, "connect");
  return {
    async finish() {
      socket.write(body.slice(9));
      await once(socket, "close");
      return answer;
    },
  };
}
