import { connect } from "node:net";
import { expect, jest, test } from "@jest/globals";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { apiUnderTest } from "../api-under-test.test-support.ts";
import { createWorkSlots, type WorkLimits } from "./work-slots.ts";

jest.setTimeout(60_000); // Over real sockets.

const turn = () => new Promise((resolve) => setImmediate(resolve));

function setup(limits: WorkLimits) {
  const clock = manualClock(0);
  const slots = createWorkSlots({ clock, limits });
  const begun: number[] = [];
  /** Each piece takes as long, without giving way. */
  const enterAll = (count: number, workMs = 0): void => {
    for (let index = 0; index < count; index += 1)
      void slots.enter().then(() => {
        begun.push(index);
        clock.advance(workMs);
      });
  };
  return { slots, begun, enterAll, clock };
}

test("so many work at once, and the others in the order they came", async () => {
  const { slots, begun, enterAll } = setup({ requestsAtOnceMax: 2, turnMsMax: 20 });
  enterAll(5);
  for (let turns = 0; turns < 9; turns += 1) await turn();
  expect(begun).toEqual([0, 1]);
  slots.leave();
  slots.leave();
  for (let turns = 0; turns < 9; turns += 1) await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (let index = 0; index < 3; index += 1) slots.leave();
  for (let turns = 0; turns < 9; turns += 1) await turn();
  await slots.enter();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test("a request that computes for long and never waits has its own turn, and other requests run between such turns", async () => {
  const { slots, begun, enterAll } = setup({ requestsAtOnceMax: 100, turnMsMax: 20 });
  await slots.enter();
  enterAll(1, 50);
  await Promise.resolve();
  enterAll(5, 50);
  await Promise.resolve();
  expect(begun).toEqual([0]);
  for (let turns = 1; turns <= 100; turns += 1) {
    await turn();
    expect(begun.length).toBeLessThanOrEqual(2 + turns / 25);
  }
  for (let turns = 0; turns < 400; turns += 1) await turn();
  expect(begun).toEqual([0, 0, 1, 2, 3, 4]);
});

test("a short request runs at once, also after a long one", async () => {
  const { slots, begun, enterAll, clock } = setup({ requestsAtOnceMax: 100, turnMsMax: 20 });
  enterAll(1, 50);
  await turn();
  clock.advance(31);
  for (let count = 0; count < 50; count += 1) {
    await slots.enter();
    slots.leave();
  }
  expect(begun).toEqual([0]);
});

test("requests in progress have one limit, and probes wait for none of them; no request waits for a body that arrives slowly", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let begun = 0;
  const under = await apiUnderTest({
    config: { requestsAtOnceMax: 2 },
    wrapStore: (store) => ({
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
