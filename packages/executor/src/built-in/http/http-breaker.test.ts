import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { RunAborted } from "../../attempt/run-aborted.ts";
import { readRetryAfterMs } from "../../attempt/thrown-error.ts";
import { end, handler, target } from "./http-handler.test-support.ts";

function setup() {
  const time = manualClock(START);
  const clock = { ...systemClock, now: () => START, monotonicMs: time.monotonicMs };
  return { time, ...handler({ failuresMax: 2, pauseMs: 10_000 }, { clock }) };
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

test("a host that does not answer is paused; each request then fails at once, and asks to wait for the rest of the pause", async () => {
  const { run, readFault, time, logged } = setup();
  const url = `http://127.0.0.1:${await closedPort()}/hook?key=secret`;
  expect([await readFault({ url }), await readFault({ url })]).toMatchObject([{ code: "http_network" }, { code: "http_network" }]);
  time.advance(4_000);
  const fault = await run({ url }).catch((thrown: unknown) => thrown);
  expect(fault).toMatchObject({
    code: "http_breaker",
    retryable: true,
    message: expect.stringMatching(
      /^GET http:\/\/127\.0\.0\.1:\d+\/hook: the last requests to 127\.0\.0\.1:\d+ had no answer, so none is sent for another 6 s$/,
    ),
  });
  expect(readRetryAfterMs(fault)).toBe(6_000);
  expect(logged).toEqual(["a host does not answer, and is paused"]);
  time.advance(6_000);
  expect(await readFault({ url })).toMatchObject({ code: "http_network" });
  expect(await readFault({ url })).toMatchObject({ code: "http_breaker" });
});

test("an answer ends the pause, whatever its status", async () => {
  let refuses = true;
  const { url, received } = await target((response, request) => (refuses ? void request.socket.destroy() : end(500)(response)));
  const { readFault, time, logged } = setup();
  for (const code of ["http_network", "http_network", "http_breaker"]) expect(await readFault({ url })).toMatchObject({ code });
  refuses = false;
  time.advance(10_000);
  for (const code of ["http_status", "http_status"]) expect(await readFault({ url })).toMatchObject({ code });
  expect(received).toHaveLength(4);
  expect(logged).toEqual(["a host does not answer, and is paused", "a host answers again, and is no longer paused"]);
});

test("requests that their jobs ended, and requests that were not sent, say nothing about the host", async () => {
  const { url } = await target(() => {});
  const { run, readFault } = setup();
  for (let time = 0; time < 3; time += 1) {
    const ending = new AbortController();
    const ended = run({ url }, ending);
    ending.abort(new RunAborted("cancelled"));
    await expect(ended).rejects.toMatchObject({ code: "cancelled" });
  }
  for (let time = 0; time < 3; time += 1) expect(await readFault({ url, sign: "unknown" })).toMatchObject({ code: "http_sign" });
  const refused = `http://127.0.0.1:25/`;
  for (let time = 0; time < 3; time += 1) expect(await readFault({ url: refused })).toMatchObject({ code: "http_egress" });
});
