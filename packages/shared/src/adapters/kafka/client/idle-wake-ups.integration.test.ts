import { setTimeout as sleep } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import { busEvent } from "../../../testing/contracts/bus.contract.ts";
import { describeWithServers } from "../../../testing/servers/describe-with-servers.ts";
import { makeTopics, newTopic, openBus } from "../kafka-bus.test-support.ts";

jest.setTimeout(60_000);

const IDLE_MS = 3_000;
/** Some dozens would do no harm; without the patch there are thousands. */
const TIMERS_A_SECOND_MAX = 50;

await describeWithServers("an idle kafka bus", ["kafka"], (servers) => {
  test("sets few timers, and none to a time that has passed", async () => {
    const topic = newTopic();
    await makeTopics(servers.kafkaBrokers, [topic]);
    const delays: (number | undefined)[] = [];
    const { setTimeout: original } = globalThis;
    const counted = jest.spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, delayMs?: number) => {
      delays.push(delayMs);
      return original(callback, delayMs);
    }) as typeof setTimeout);
    const { bus } = await openBus(servers.kafkaBrokers);
    await bus.subscribe({ topics: [topic], group: topic, from: "beginning", onBatch: () => undefined });
    await bus.publish(topic, [busEvent("a")]);
    const opening = delays.splice(0).length;
    await sleep(IDLE_MS);
    const idle = [...delays];
    await bus.close();
    counted.mockRestore();
    expect(idle.filter((delayMs) => delayMs !== undefined && delayMs < 0)).toEqual([]);
    expect(opening).toBeGreaterThan(0); // They are counted, then.
    expect(idle.length).toBeLessThan((TIMERS_A_SECOND_MAX * IDLE_MS) / 1_000);
  });
});
