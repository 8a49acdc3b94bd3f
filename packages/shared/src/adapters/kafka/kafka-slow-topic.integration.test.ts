import { expect, jest, test } from "@jest/globals";
import { busEvent } from "../../testing/contracts/bus.contract.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { openHungryProxy } from "./hungry-proxy.test-support.ts";
import { makeTopics, newTopic, openBus } from "./kafka-bus.test-support.ts";

jest.setTimeout(120_000);

/** Until a send to the topic that stands still is given up: four tries of this. */
const PRODUCE_MS = 5_000;
/** Far less than that, and far more than a send takes. */
const ORDINARY_MS = 2_000;

await describeWithServers("kafka with one topic that stands still", ["kafka"], (servers) => {
  test("what is published to another is acknowledged in ordinary time", async () => {
    const broker = servers.kafkaBrokers.split(",")[0] as string;
    const [slow, other] = [newTopic(), newTopic()];
    await makeTopics(broker, [slow, other], 2);
    const proxy = await openHungryProxy(broker, () => false, slow);
    const { bus } = await openBus(proxy.address, { produceMs: PRODUCE_MS });
    await bus.publish(other, [busEvent("before")]); // Connected.
    let settled = false;
    const stuck = bus.publish(slow, [busEvent("stuck")]).catch(() => undefined);
    void stuck.finally(() => (settled = true));
    for (let send = 0; send < 20; send += 1) {
      const sentAt = performance.now();
      await bus.publish(other, [busEvent(`meanwhile-${send}`)]);
      expect(performance.now() - sentAt).toBeLessThan(ORDINARY_MS);
    }
    expect(settled).toBe(false);
    await stuck;
    await bus.close();
    await proxy.close();
  });
});
