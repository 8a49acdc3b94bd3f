import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { type Answer, answeringServer } from "./answering-server.test-support.ts";
import { openCollections, type LeaderRow } from "../collections/collections.ts";
import { connect } from "./connection.ts";
import type { Rows } from "../collections/rows.ts";

jest.setTimeout(20_000);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Rows on a server that gives each command this answer. */
async function setup(answer: Answer) {
  const server = await answeringServer(() => answer);
  ends.push(server.close);
  const connection = await connect({ url: server.url, serverSelectionMs: 2_000 });
  ends.push(() => connection.close());
  return openCollections(connection).leaders;
}

const ROW: LeaderRow = { _id: "lease", owner: "a", expiresAt: 1 };
const OWN = { _id: { $eq: "lease" } };
const UPDATE = { $set: { owner: "b" } };

const reads: Readonly<Record<string, (rows: Rows<LeaderRow>) => Promise<unknown>>> = {
  find: (rows) => rows.find(OWN),
  countBy: (rows) => rows.countBy("owner", {}),
};
const writes: Readonly<Record<string, (rows: Rows<LeaderRow>) => Promise<unknown>>> = {
  insert: (rows) => rows.insert([ROW]),
  updateMany: (rows) => rows.updateMany(OWN, UPDATE),
  updateAndRead: (rows) => rows.updateAndRead(OWN, UPDATE),
  updateEach: (rows) => rows.updateEach([{ filter: OWN, update: UPDATE }]),
  put: (rows) => rows.put([ROW]),
  deleteMany: (rows) => rows.deleteMany(OWN),
  deleteEach: (rows) => rows.deleteEach([OWN]),
};
const UNAVAILABLE = { code: "store_unavailable", retryable: true };

describe.each(Object.entries({ ...reads, ...writes }))("%s, through the driver and mongoose,", (_, ask) => {
  test.each<[string, Answer]>([
    ["a label beside an unknown code", { ok: 0, code: 99_999, errmsg: "unheard of", errorLabels: ["RetryableWriteError"] }],
    ["no majority to read from", { ok: 0, code: 134, codeName: "ReadConcernMajorityNotAvailableYet", errmsg: "not yet" }],
    ["no member that may be read from", { ok: 0, code: 133, codeName: "FailedToSatisfyReadPreference", errmsg: "no host" }],
    ["a plan that was killed", { ok: 0, code: 175, codeName: "QueryPlanKilled", errmsg: "collection dropped" }],
    ["a cache that is full", { ok: 0, code: 365, codeName: "TemporarilyUnavailable", errmsg: "too much cache" }],
  ])("meets the store being unavailable in %s", async (_name, answer) => {
    const rows = await setup(answer);
    await expect(ask(rows)).rejects.toMatchObject(UNAVAILABLE);
  });

  test("answers a fault that a repeat does not fix as internal", async () => {
    const rows = await setup({ ok: 0, code: 2, codeName: "BadValue", errmsg: "bad value" });
    await expect(ask(rows)).rejects.toMatchObject({ code: "internal", retryable: false });
  });
});

describe.each(Object.entries(writes))("%s, through the driver and mongoose,", (_, ask) => {
  const written = { ok: 1, n: 1, nModified: 1, value: ROW };

  test.each<[string, Answer]>([
    ["a majority that was not reached", { code: 64, codeName: "WriteConcernTimeout", errmsg: "waiting for replication timed out" }],
    ["a primary that stepped down while it waited", { code: 11_602, codeName: "InterruptedDueToReplStateChange", errmsg: "stepped down" }],
    ["an unknown code", { code: 99_999, errmsg: "unheard of" }],
  ])("meets the store being unavailable in an answer that is well but for %s", async (_name, writeConcernError) => {
    const rows = await setup({ ...written, writeConcernError });
    await expect(ask(rows)).rejects.toMatchObject(UNAVAILABLE);
  });
});

/** `findAndModify` is about one row and has no statements: its fault is the answer's own. */
const { updateAndRead: _, ...batches } = writes;

test.each(Object.entries(batches))("%s meets the store being unavailable in one statement that was stopped", async (_name, ask) => {
  const rows = await setup({ ok: 1, n: 0, nModified: 0, writeErrors: [{ index: 0, code: 11_600, errmsg: "shutting down" }] });
  await expect(ask(rows)).rejects.toMatchObject(UNAVAILABLE);
});
