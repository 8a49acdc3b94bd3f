import { expect, jest, test } from "@jest/globals";
import { silentLogger } from "../../runtime/log/logger.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { newTopic, rawKafka } from "./kafka-bus.test-support.ts";
import { ensureTopics } from "./topics-command.ts";

jest.setTimeout(60_000);

await describeWithServers("kafka topics command", ["kafka"], (servers) => {
  const plan = (name: string, partitions: number, retentionMs = 3_600_000) => ({ name, partitions, replicas: 1, retentionMs });
  const ensure = (...topics: ReturnType<typeof plan>[]) =>
    ensureTopics({ url: `kafka://${servers.kafkaBrokers}`, clientId: "test", log: silentLogger, topics });

  test("topics are made with their partitions and retention, and making them again changes nothing", async () => {
    const [one, two] = [newTopic(), newTopic()];
    const made = await ensure(plan(one, 3, 7_200_000), plan(two, 1));
    expect(made.map(({ kind }) => kind)).toEqual(["created", "created"]);
    expect(await ensure(plan(one, 3, 7_200_000), plan(two, 1))).toEqual(
      [one, two].map((topic) => ({ topic, kind: "unchanged", note: "" })),
    );
    const admin = rawKafka(servers.kafkaBrokers).admin();
    await admin.connect();
    expect((await admin.fetchTopicOffsets(one)).length).toBe(3);
    await admin.disconnect();
  });

  test("partitions are added, never removed, and a different retention is reported and left", async () => {
    const topic = newTopic();
    await ensure(plan(topic, 2));
    expect(await ensure(plan(topic, 4))).toEqual([{ topic, kind: "extended", note: "2 partitions became 4" }]);
    const [outcome] = await ensure(plan(topic, 3, 1_000));
    expect(outcome).toMatchObject({
      topic,
      kind: "differs",
      note: expect.stringMatching(/has 4 partitions.*retention\.ms is 3600000, not 1000/),
    });
  });

  test("several places that make the same topics at once do not fail", async () => {
    const topics = Array.from({ length: 4 }, () => plan(newTopic(), 2));
    await expect(Promise.all([ensure(...topics), ensure(...topics), ensure(...topics)])).resolves.toBeDefined();
  });

  test("several places that add partitions to the same topic at once do not fail, and each says how many there are", async () => {
    const topic = newTopic();
    await ensure(plan(topic, 2));
    const outcomes = await Promise.all([5, 5, 4, 3].map((partitions) => ensure(plan(topic, partitions))));
    expect(outcomes.flat().map(({ kind }) => kind)).not.toContain("created");
    expect(await ensure(plan(topic, 5))).toEqual([{ topic, kind: "unchanged", note: "" }]);
  });
});
