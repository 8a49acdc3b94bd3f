import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { getContainerRuntimeClient, type StartedTestContainer } from "testcontainers";
import { busEvent } from "../../testing/contracts/bus.contract.ts";
import { kafkaContainer } from "../../testing/servers/containers.ts";
import { describeWithContainers } from "../../testing/servers/describe-with-containers.ts";
import { makeTopics, newTopic, openBus, until } from "./kafka-bus.test-support.ts";

jest.setTimeout(120_000);

/** So long a broker may take to end by itself, in milliseconds. */
const STOP_MS_MAX = 20_000;

await describeWithContainers("a broker that restarts", (imageOf) => {
  let address: string;
  let broker: StartedTestContainer;
  beforeAll(async () => {
    const made = await kafkaContainer(imageOf("kafka"));
    [address, broker] = [made.address, await made.container.start()];
  });
  afterAll(() => broker?.stop());
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  const ends: (() => Promise<void>)[] = [];

  const stopBroker = async (): Promise<void> => {
    const { container } = await getContainerRuntimeClient();
    await container.stop(container.getById(broker.getId()), { timeout: STOP_MS_MAX });
  };
  const tenEvents = (name: string) => Array.from({ length: 10 }, (_, index) => busEvent(`${name}-${index}`));
  const eventIds = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

  test("the bus reconnects by itself: all it acknowledged is consumed, and it reports the broker as unavailable meanwhile", async () => {
    const topic = newTopic();
    await makeTopics(address, [topic]);
    const { bus, deaths } = await openBus(address);
    ends.push(() => bus.close());
    const seen = new Set<string>();
    await bus.subscribe({
      topics: [topic],
      group: `${topic}.group`,
      from: "beginning",
      onBatch: (events) => eventIds(events).forEach((id) => seen.add(id)),
    });
    const [consumed, unread, refused, after] = [tenEvents("consumed"), tenEvents("unread"), tenEvents("refused"), tenEvents("after")];
    await bus.publish(topic, consumed);
    await until(() => seen.size === 10);
    await bus.publish(topic, unread); // The broker may exit before these are read.
    await stopBroker();
    await expect(bus.publish(topic, refused)).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
    await broker.restart();
    await until(() =>
      bus.publish(topic, after).then(
        () => true,
        () => false,
      ),
    );
    const acknowledged = eventIds([...consumed, ...unread, ...after]);
    await until(() => acknowledged.every((id) => seen.has(id)), 60_000);
    expect(deaths).toEqual([]);
  });
});
