import { expect, test } from "@jest/globals";
import { EVENT_DEFINITIONS } from "../../events/event-definitions.ts";
import { planTopics } from "./topic-plan.ts";

const plan = planTopics({
  queues: ["high", "default"],
  partitions: 12,
  replicas: 3,
  retentionMs: 86_400_000,
  deadRetentionMs: 2_592_000_000,
});
const named = (name: string) => plan.find((topic) => topic.name === name);

test("every topic that an event is said on is made, and its dead letters", () => {
  const topics = EVENT_DEFINITIONS.flatMap(({ places }) => places.map(({ topic }) => topic.replace("{queue}", "high")));
  for (const topic of topics) expect([named(topic), named(`${topic}.dead`)]).not.toContain(undefined);
});

test("each queue has its topic, with the partitions and retention that were asked for", () => {
  expect(named("tickline.due.high")).toEqual({ name: "tickline.due.high", partitions: 12, replicas: 3, retentionMs: 86_400_000 });
  expect(named("tickline.due.default.dead")).toMatchObject({ partitions: 1, retentionMs: 2_592_000_000 });
});

test("hints have one partition, since each instance reads all of them", () => {
  expect(named("tickline.control")?.partitions).toBe(1);
});
