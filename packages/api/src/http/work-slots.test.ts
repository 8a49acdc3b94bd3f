import { connect } from "node:net";
import { expect, jest, test } from "@jest/globals";
import { apiUnderTest } from "../api-under-test.test-support.ts";
import { createWorkSlots } from "./work-slots.ts";

jest.setTimeout(60_000); // Over real sockets.

test("so many work at once, and the others in the order they came", async () => {
  const slots = createWorkSlots(2);
  const begun: number[] = [];
  for (let index = 0; index < 5; index += 1) void slots.enter().then(() => begun.push(index));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(begun).toEqual([0, 1]);
  slots.leave();
  slots.leave();
  await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (let index = 0; index < 3; index += 1) slots.leave();
  await turn();
  await slots.enter();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test("requests in progress are bounded in all, and probes wait for none; nor does work wait for a body that comes slowly", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let begun = 0;
  const under = await apiUnderTest({
    config: { requestsAtOnceMax: 2 },
    storeOf: (store) => ({
      ...store,
      jobs: {
        ...store.jobs,
        async list(...request) {
          begun += 1;
          await released;
          return store.jobs.list(...request);
        },
      },
    }),
  });
  const { hostname, port } = new URL(under.url);
  const slow = Array.from({ length: 5 }, () => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.write(`POST /jobs HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`);
    return socket;
  });
  const lists = Array.from({ length: 5 }, () => under.call("GET /jobs"));
  while (begun < 2) expect((await under.call("GET /livez")).status).toBe(200);
  for (let round = 0; round < 20; round += 1) expect((await under.call("GET /readyz")).status).toBe(200);
  expect(begun).toBe(2);
  release();
  expect((await Promise.all(lists)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  for (const socket of slow) socket.destroy();
  await under.stop();
});
