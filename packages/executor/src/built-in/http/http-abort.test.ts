import type { ServerResponse } from "node:http";
import { expect, test } from "@jest/globals";
import { RunAborted } from "../../attempt/run-aborted.ts";
import { end, handler, notFailed, target } from "./http-handler.test-support.ts";

test.each([
  ["before the answer begins", () => undefined],
  ["within its body", (response: ServerResponse) => void response.writeHead(200).write("slow")],
])("an abort %s ends the request with its reason", async (_, answer) => {
  const arrived = Promise.withResolvers<void>();
  const { url } = await target((response) => {
    answer(response);
    arrived.resolve();
  });
  const { run, abort } = handler();
  const ended = run({ url }).then(notFailed, (fault: unknown) => fault);
  await arrived.promise;
  abort.abort(new RunAborted("timeout"));
  expect(await ended).toBe(abort.signal.reason);
});

test("an abort ends a request that waits for a connection, and it is not sent later", async () => {
  const held: ServerResponse[] = [];
  const arrived = Promise.withResolvers<void>();
  const { url, received } = await target((response, { url: path }) => {
    if (path !== "/first") return end(200)(response);
    held.push(response);
    arrived.resolve();
  });
  const { run, abort } = handler({ connectionsMax: 1 });
  const first = run({ url: `${url}/first` }, new AbortController());
  await arrived.promise;
  const waiting = run({ url: `${url}/second` }).then(notFailed, (fault: unknown) => fault);
  abort.abort(new RunAborted("timeout"));
  expect(await waiting).toBe(abort.signal.reason);
  const last = run({ url: `${url}/third` }, new AbortController());
  end(200)(held[0]!);
  await first;
  await last;
  expect(received.map((request) => request.url)).toEqual(["/first", "/third"]);
});

test("a process that stood still while it connected sends nothing", async () => {
  const { url, received } = await target(end(200));
  const { run, process, abort } = handler();
  const ended = run({ url }).catch((reason: unknown) => reason);
  process.stoodStill = true; // The request is under way, and waits for its connection.
  expect(await ended).toBe(abort.signal.reason);
  expect(abort.signal.reason).toMatchObject({ code: "lease_lost" });
  expect(received).toEqual([]);
});
