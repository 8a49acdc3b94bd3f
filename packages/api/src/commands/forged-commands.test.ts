import { describe, expect, test } from "@jest/globals";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "@tickline/shared/events/topics";
import { minimalJob } from "../api-under-test.test-support.ts";
import { setup } from "./commands.test-support.ts";

describe("what a command cannot make the api say, or do", () => {
  test("a reply stays small, whatever is wrong: names of fields are cut, and so many are listed", async () => {
    await using at = await setup();
    const manyLongNames = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}${"~".repeat(4_000)}`, 1]));
    const oneLongName = { ["/".repeat(200_000)]: 1 };
    const replies = await at.tell(at.create({ ...minimalJob, ...manyLongNames }), at.create({ ...minimalJob, ...oneLongName }));
    for (const reply of replies) {
      expect(reply).toMatchObject({ type: "CommandRefused", data: { code: "invalid_request" } });
      expect(JSON.stringify(reply).length).toBeLessThan(100_000);
    }
  });

  test("replies go to one topic, whatever the envelope contains", async () => {
    await using at = await setup();
    const published: string[] = [];
    const { publish } = at.bus;
    at.bus.publish = (topic, events) => {
      published.push(topic);
      return publish(topic, events);
    };
    const asked = { ...at.cancel("run", { subject: "tickline.due.default", source: "tickline.jobs" }), replyTo: "tickline.due.default" };
    published.length = 0;
    await at.tell(asked);
    expect(published).toEqual([COMMANDS_TOPIC, REPLIES_TOPIC]);
  });

  test("an event that is no command is refused, and the commands beside it are carried out", async () => {
    await using at = await setup();
    const { data: _, ...envelope } = at.trigger("ping");
    const hint: TicklineEvent = { ...envelope, id: "hint", type: "CancelRequested", data: { runId: "run" } };
    await at.bus.publish(COMMANDS_TOPIC, [hint]);
    const [reply] = await at.tell(at.create(minimalJob));
    expect(reply?.type).toBe("CommandAnswered");
    const deadEvents = at.bus.deadEvents.map(({ topic, group, reason, event }) => [topic, group, reason, event.id]);
    expect(deadEvents).toEqual([[COMMANDS_TOPIC, "api-commands", "CancelRequested is no command", "hint"]]);
  });
});
