import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, jest, test } from "@jest/globals";
import { apiUnderTest, minimalJob, type ApiSetup } from "./api-under-test.test-support.ts";

// Every wait is for a signal, over real sockets: on a busy machine some take longer than Jest's five seconds.
jest.setTimeout(60_000);

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  return { ...under, [Symbol.asyncDispose]: under.stop };
}

/** An api whose list of jobs is held up: `entered` when it is asked for, until `leave`. */
async function withHeldList() {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const under = await apiUnderTest({
    config: { drainMsMax: 3_600_000 },
    wrapStore: (store) => ({
      ...store,
      jobs: {
        ...store.jobs,
        async list(...parts) {
          entered.resolve();
          await leave.promise;
          return store.jobs.list(...parts);
        },
      },
    }),
  });
  return { under, entered, leave };
}

describe("stopping", () => {
  test("waits for the answer in progress, and closes its connection", async () => {
    const { under, entered, leave } = await withHeldList();
    const reply = under.call("GET /jobs");
    await entered.promise;
    let stopped = false;
    const stopping = under.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    // On a new connection: probes are answered to the end, and nothing else is taken.
    expect(await under.call("GET /readyz")).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect((await under.call("GET /livez")).status).toBe(200);
    expect(await under.call("PUT /jobs/late", { body: minimalJob })).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect([stopped, under.api.requests()]).toEqual([false, 1]);
    leave.resolve();
    const { status, headers } = await reply;
    expect([status, headers.get("connection")]).toEqual([200, "close"]);
    await stopping;
    expect(await under.store.jobs.get("default", "late")).toBeNull();
    await expect(fetch(`${under.url}/livez`)).rejects.toThrow();
  });

  test("serves all for as long as load balancers need to look at /readyz, and takes nothing after that; probes are answered until the very end", async () => {
    await using at = await setup();
    const finished = at.api.finish(2_000);
    expect(await at.call("GET /readyz")).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect((await at.call("PUT /jobs/ping", { body: minimalJob })).status).toBe(201);
    at.clock.advance(1_999);
    expect((await at.call("GET /jobs/ping")).status).toBe(200);
    at.clock.advance(1);
    await finished;
    expect((await at.call("GET /jobs/ping")).status).toBe(503);
    expect(await at.call("GET /readyz")).toMatchObject({ status: 503, body: { code: "shutting_down" } });
  });

  test("is reported by /readyz at once, while all other requests are still served", async () => {
    await using at = await setup();
    at.api.drain();
    expect(await at.call("GET /readyz")).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect((await at.call("GET /livez")).status).toBe(200);
    const created = await at.call("POST /jobs", { body: minimalJob });
    expect([created.status, created.headers.get("connection")]).toEqual([201, "close"]);
  });

  test("takes nothing new on a connection that still waits for an answer", async () => {
    const { under, entered, leave } = await withHeldList();
    const { hostname, port } = new URL(under.url);
    const socket = connect(Number(port), hostname);
    const heads: string[] = [];
    socket.setEncoding("utf8").on("data", (text: string) => heads.push(...(text.match(/HTTP\/1\.1 \d+/g) ?? [])));
    socket.write(`GET /jobs HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    await entered.promise;
    const stopping = under.stop();
    const body = JSON.stringify(minimalJob);
    socket.write(
      `POST /jobs HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    leave.resolve();
    await Promise.all([stopping, once(socket, "close")]);
    expect(heads[0]).toBe("HTTP/1.1 200");
    expect((await under.store.jobs.list("default", { limit: 10, cursor: null })).items).toEqual([]);
  });

  test("gives an answer that does not come its budget, and no more", async () => {
    const entered = Promise.withResolvers<void>();
    const never = (): Promise<never> => {
      entered.resolve();
      return new Promise(() => undefined);
    };
    const under = await apiUnderTest({
      config: { drainMsMax: 5_000 },
      wrapStore: (store) => ({ ...store, runs: { ...store.runs, get: never } }),
    });
    const reply = under.call("GET /runs/01KE70EHG0VCYVAJ10SJX66YGA");
    reply.catch(() => undefined);
    await entered.promise;
    await under.stop();
    await expect(reply).rejects.toThrow();
  });

  test("a port that is in use is reported at start, and the parts that were started are stopped", async () => {
    await using at = await setup();
    const port = Number(new URL(at.url).port);
    await expect(apiUnderTest({ config: { port } })).rejects.toThrow(
      `cannot listen on 127.0.0.1, port ${port}: another process is listening there`,
    );
  });
});
