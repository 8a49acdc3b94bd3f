import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { EVENT_DEFINITIONS } from "./event-definitions.ts";

const page = readFileSync(new URL("../../../../docs/events.md", import.meta.url), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `tickline."))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const namesIn = (cell: string): string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name).toSorted();

test("the page of events lists each topic with what is said there, by whom and by which key", () => {
  const said = EVENT_DEFINITIONS.flatMap(({ type, key, places }) => places.map((place) => ({ type, key, ...place })));
  const wanted = [...Map.groupBy(said, ({ topic }) => topic)].map(([topic, events]) => ({
    topic: topic.replace("{queue}", "<queue>"),
    ours: events[0]?.saidBy === "tickline",
    types: events.map(({ type }) => String(type)).toSorted(),
    keyed: events[0]?.key === "jobId",
  }));
  const listed = rows.map(([topic = "", saidBy, types = "", key]) => ({
    topic: topic.replaceAll("`", ""),
    ours: saidBy === "Tickline",
    types: namesIn(types),
    keyed: key === "job's id",
  }));
  const byTopic = (left: { readonly topic: string }, right: { readonly topic: string }): number => left.topic.localeCompare(right.topic);
  expect(listed.toSorted(byTopic)).toEqual(wanted.toSorted(byTopic));
});
