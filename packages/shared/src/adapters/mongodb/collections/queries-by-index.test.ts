import { describe, expect, test } from "@jest/globals";
import { addJob } from "../../../testing/contracts/store-steps.ts";
import { START } from "../../../testing/factories.ts";
import { indexesFor } from "./index-rules.test-support.ts";
import { memoryContext, type Statement } from "./memory-rows.test-support.ts";
import { createPorts } from "../ports.ts";
import { asksForIds, STORE_QUERIES } from "./store-queries.test-support.ts";

/** A store over rows in memory, with one job, and the queries that it sends from then on. */
async function setup() {
  const asked: Statement[] = [];
  const context = memoryContext((statement) => void asked.push(statement));
  await context.rows.meta.insert([{ _id: "watermark", value: 0 }]);
  const store = { ...createPorts(context), ping: async () => ({ now: START }), close: async () => {} };
  const job = await addJob(store);
  // Rows that other queries need: an event that was not sent, a run that ended.
  for (const [name, , ask] of STORE_QUERIES) if (name === "the life of a run") await ask(store, job);
  asked.length = 0;
  return { store, job, asked };
}

test.each(STORE_QUERIES)("%s: MongoDB answers by an index made for it, and sorts nothing", async (_, expected, ask) => {
  const { store, job, asked } = await setup();
  await ask(store, job);
  const queries = asked.filter(({ filter }) => filter !== undefined);
  expect(queries.length).toBeGreaterThan(0);
  for (const { collection, filter = {}, options } of queries) {
    const usable = indexesFor(collection, { filter, sort: options?.sort });
    const allowed = asksForIds(filter) ? [...expected, "_id_"] : expected;
    expect({ collection, filter, made: usable.filter((name) => allowed.includes(name)) }).not.toEqual({ collection, filter, made: [] });
  }
});

describe("an index of MongoDB", () => {
  const slot = { slot: { $gte: 0, $lt: 8 } };

  test.each<[string, string, Parameters<typeof indexesFor>[1], string[]]>([
    [
      "has the order asked for behind what is equal",
      "runs",
      { filter: { state: { $eq: "due" }, wakeAt: { $lte: 5 } }, sort: { wakeAt: 1 } },
      ["wake"],
    ],
    ["has it downwards as well", "runs", { filter: { tenantId: { $eq: "t" } }, sort: { _id: 1 } }, ["_id_", "newest"]],
    ["has not the order behind a range", "jobs", { filter: { state: { $eq: "active" }, nextRunAt: { $lte: 5 } }, sort: { slot: 1 } }, []],
    [
      "of rows that have a field is of no use to who does not ask for that",
      "runs",
      { filter: { state: { $eq: "due" }, ...slot }, sort: { wakeAt: 1 } },
      [],
    ],
    ["of rows whose arrays hold something likewise", "jobs", { filter: { "pending.firedAt": { $lt: 5 } } }, []],
    [
      "of an array's entries has not the order of the arrays",
      "jobs",
      { filter: { "pending.firedAt": { $gt: 0 } }, sort: { "pending.firedAt": 1 } },
      [],
    ],
    ["of an array's entries finds them", "jobs", { filter: { "pending.firedAt": { $gt: 0, $lt: 5 }, ...slot } }, ["pending"]],
    [
      "of few values has their orders merged",
      "runs",
      { filter: { tenantId: { $eq: "t" }, state: { $in: ["due", "retrying"] } }, sort: { _id: 1 } },
      ["_id_", "newest", "newest_by_state"],
    ],
    ["does not begin with what is only not equal", "jobs", { filter: { state: { $ne: "deleted" } } }, []],
  ])("%s", (_, collection, query, usable) => {
    expect(indexesFor(collection, query)).toEqual(usable);
  });
});
