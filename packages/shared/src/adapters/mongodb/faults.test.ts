import { describe, expect, test } from "@jest/globals";
import { AppError } from "../../domain/app-error.ts";
import { duplicatesOf, isConflict, isDuplicate, storeFault } from "./faults.ts";

const fault = (fields: object, message = "fault") => Object.assign(new Error(message), fields);
const duplicate = (index: number) => ({ index, code: 11_000, errmsg: "E11000 duplicate key" });

describe("what stops the store for a while is unavailable, and may be tried again", () => {
  test.each<[string, Error]>([
    ["no server was found", fault({ name: "MongooseServerSelectionError" })],
    ["the connection broke", fault({ name: "MongoNetworkError" })],
    ["no answer came in time", fault({ name: "MongoNetworkTimeoutError" })],
    ["the client was closed", fault({ name: "MongoNotConnectedError" })],
    ["the primary is another", fault({ name: "MongoServerError", code: 10_107 })],
    ["a majority was not reached", fault({ name: "MongoWriteConcernError", code: 64 })],
    ["a batch met no server", fault({ name: "MongoBulkWriteError", errorResponse: fault({ name: "MongoNetworkError" }) })],
    ["a batch was not kept by a majority", fault({ result: { getWriteConcernError: () => ({ code: 64 }) }, writeErrors: [] })],
    ["the database behind it is down", fault({ code: 1 }, "failed to connect to `host=127.0.0.1`")],
    ["something went wrong inside the server", fault({ name: "MongoServerError", code: 1 }, "write: broken pipe")],
    ["so it did for a statement of a batch", fault({ name: "MongoBulkWriteError", code: 1, writeErrors: [{ index: 0, code: 1 }] })],
    ["the server hung up before the statement was sent", fault({ code: "EPIPE" }, "This socket has been ended by the other party")],
    ["its name cannot be resolved", fault({ code: "EAI_AGAIN" }, "getaddrinfo EAI_AGAIN mongo")],
    ["the statement was interrupted", fault({ name: "MongoServerError", code: 11_601 })],
    ["the cursor is gone", fault({ name: "MongoServerError", code: 43 })],
    ["the driver met what it did not expect", fault({ name: "MongoUnexpectedServerResponseError" })],
    ["two writes kept waiting for each other", fault({ code: 16_908_292 }, "deadlock detected")],
  ])("%s", (_, thrown) => {
    expect(storeFault(thrown, "find runs")).toMatchObject({
      code: "store_unavailable",
      retryable: true,
      cause: thrown,
      message: expect.stringContaining("find runs"),
    });
  });
});

test("anything else is an internal fault, and an own fault passes unchanged", () => {
  for (const thrown of [fault({ code: 2 }, "bad value"), fault({ code: "ERR_INVALID_ARG_TYPE" }), new TypeError("not a function")])
    expect(storeFault(thrown, "find runs")).toMatchObject({ code: "internal", retryable: false });
  const own = new AppError("store_corrupt", "no definition");
  expect(storeFault(own, "find runs")).toBe(own);
});

test("a taken key is known by its code, also as FerretDB says it of an upsert that lost a race", () => {
  expect(isDuplicate(fault({ code: 11_000 }))).toBe(true);
  expect(isDuplicate(fault({ code: 1 }, "duplicate key value violates unique constraint"))).toBe(true);
  expect(isDuplicate(fault({ code: 1 }, "something else"))).toBe(false);
});

test("a batch tells where keys were taken, unless something else went wrong in it as well", () => {
  expect(duplicatesOf(fault({ writeErrors: [duplicate(3), duplicate(5)] }))).toEqual([3, 5]);
  expect(duplicatesOf(fault({ writeErrors: duplicate(3) }))).toEqual([3]);
  expect(duplicatesOf(fault({ writeErrors: [duplicate(3), { index: 4, code: 50 }] }))).toBeNull();
  expect(duplicatesOf(fault({ writeErrors: [duplicate(3)], result: { getWriteConcernError: () => ({ code: 64 }) } }))).toBeNull();
  expect(duplicatesOf(fault({ code: 50 }))).toBeNull();
});

test("a conflict inside a batch is one of the batch", () => {
  expect(isConflict(fault({ writeErrors: [duplicate(0), { index: 1, code: 112 }] }))).toBe(true);
  expect(isConflict(fault({ writeErrors: [duplicate(0)] }))).toBe(false);
});
