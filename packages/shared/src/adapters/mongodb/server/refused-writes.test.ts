import { afterEach, expect, jest, test } from "@jest/globals";
import { type Answer, answeringServer, answerWith } from "./answering-server.test-support.ts";
import { openMongodbStore } from "../mongodb-store.ts";

jest.setTimeout(60_000);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const TAKEN: Answer = { ok: 1, n: 1, nModified: 1 };
const WRITES = ["insert", "update", "delete", "findAndModify"];

/** A store on a server that answers writes as a test says. */
async function setup() {
  let answer = TAKEN;
  const server = await answeringServer((name) => {
    if (WRITES.includes(name)) return answer;
    return name === "createIndexes" ? { ok: 1 } : answerWith(name === "find" ? [{ _id: "schema", value: 1 }] : []);
  });
  ends.push(server.close);
  const store = await openMongodbStore({ url: server.url, serverSelectionMs: 2_000 });
  ends.push(store.close);
  return { store, answerWrites: (next: Answer) => void (answer = next) };
}

test.each<[string, Answer, RegExp]>([
  [
    "a user who may only read",
    { ok: 0, code: 13, codeName: "Unauthorized", errmsg: "not authorized to execute { secret: 1 }" },
    /may not write/,
  ],
  ["a full disk", { ok: 0, code: 14_031, codeName: "OutOfDiskSpace", errmsg: "no space" }, /is full/],
  ["a full disk behind FerretDB", { ok: 0, code: 1, errmsg: "could not extend file: No space left on device" }, /is full/],
  [
    "a database that is read-only behind FerretDB",
    { ok: 0, code: 1, errmsg: "cannot execute UPDATE in a read-only transaction" },
    /read-only/,
  ],
  ["a cluster whose writes are blocked", { ok: 0, code: 371, codeName: "UserWritesBlocked", errmsg: "blocked" }, /blocked/],
  [
    "no majority",
    { ...TAKEN, writeConcernError: { code: 64, codeName: "WriteConcernTimeout", errmsg: "waiting" } },
    /no majority of the replica set/,
  ],
])("%s is reported to health checks as long as it lasts, and is no fault of the statement", async (_, answer, why) => {
  const { store, answerWrites } = await setup();
  expect(store.refusal?.()).toBeNull();
  answerWrites(answer);
  await expect(store.decided.note(1)).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
  expect(store.refusal?.()).toMatch(why);
  expect(store.refusal?.()).not.toContain("secret");
  await store.ping(); // Tries a write aside, which is refused.
  expect(store.refusal?.()).toMatch(why);
  answerWrites(TAKEN);
  while (store.refusal?.() !== null) await store.ping();
});

test("a statement that is wrong says nothing of others", async () => {
  const { store, answerWrites } = await setup();
  answerWrites({ ok: 0, code: 2, codeName: "BadValue", errmsg: "bad value" });
  await expect(store.decided.note(1)).rejects.toMatchObject({ code: "internal" });
  expect(store.refusal?.()).toBeNull();
});
