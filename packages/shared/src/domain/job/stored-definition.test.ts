import { describe, expect, test } from "@jest/globals";
import { newDefinition } from "../../testing/factories.ts";
import { definitionFrom, JobInputSchema } from "./job-definition.ts";
import { isStandIn, readKnownParts, readDefinition, readDefinitionText, standInDefinition } from "./stored-definition.ts";
import { findUnknownPolicy } from "./unknown-policy.ts";

describe("a stored definition", () => {
  const schedules = [
    "every 15m",
    "0 9 * * 1-5",
    "every monday at 09:00 Europe/Berlin",
    { at: "2027-01-01T09:00:00", timezone: "Asia/Tokyo" },
  ];
  test.each(schedules)("of what the api accepts is read as it is: %j", (schedule) => {
    const definition = definitionFrom(JobInputSchema.parse({ name: "n", handler: "http", schedule }), 1);
    expect(readDefinition(definition)).toEqual({ kind: "read", definition });
    expect(readDefinitionText(JSON.stringify(definition))).toEqual({ kind: "read", definition });
    expect(findUnknownPolicy(definition)).toBeNull();
  });

  test.each(Object.keys(newDefinition()))("a missing %s is reported by name", (field) => {
    const { [field]: _, ...rest } = newDefinition() as unknown as Record<string, unknown>;
    for (const torn of [rest, { ...rest, [field]: { torn: true } }].slice(0, field === "params" ? 1 : 2))
      expect(readDefinition(torn)).toEqual({ kind: "unreadable", reason: expect.stringContaining(field) });
  });

  test("of before jobs could say how many workers they hold is read as any other, and one that does not say it as well", () => {
    for (const some of [{}, { workersMax: 5 }, { workersMax: null }, { priority: 0 }])
      expect(readDefinition({ ...newDefinition(), ...some }).kind).toBe("read");
    expect(readDefinition({ ...newDefinition(), workersMax: "5" })).toMatchObject({ reason: expect.stringContaining("workersMax") });
    for (const priority of [10, -1, 4.5, "5"])
      expect(readDefinition({ ...newDefinition(), priority })).toMatchObject({ reason: expect.stringContaining("priority") });
  });

  test.each([null, undefined, 7, "text", [], "{", "null", "[]"])("that is %j is none", (stored) => {
    expect(readDefinition(stored).kind).toBe("unreadable");
    expect(readDefinitionText(stored).kind).toBe("unreadable");
  });

  test("of a newer version can be read, though not all of it be evaluated", () => {
    const newer = { ...newDefinition(), schedule: { kind: "rrule" }, overlap: "queue", extra: true };
    expect(readDefinition(newer).kind).toBe("read");
    expect(findUnknownPolicy(newer as never)).toContain("queue");
  });
});

test("a stand-in has the known parts, and is distinguished from any other definition", () => {
  const known = readKnownParts({ name: "Report", handler: 7, queue: "high" }, { name: "id", handler: "unknown", queue: "default" });
  const standIn = standInDefinition(known);
  expect(standIn).toMatchObject({ name: "Report", handler: "unknown", queue: "high", tags: [] });
  expect([isStandIn(standIn), isStandIn(newDefinition())]).toEqual([true, false]);
  expect(readDefinition(standIn).kind).toBe("unreadable");
});
