import { describe, expect, test } from "@jest/globals";
import * as driver from "mongodb";
import { AppError } from "../../../domain/app-error.ts";
import { findDuplicates, isConflict, isDuplicate, storeFault } from "./faults.ts";

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
    [
      "one statement of a batch was stopped, beside one whose key was taken",
      fault({ code: 11_000, writeErrors: [duplicate(0), { index: 1, code: 11_602 }] }),
    ],
    ["a server without codes steps down", fault({ name: "MongoServerError" }, "not master and slaveOk=false")],
    ["the login is refused while a connection is made", fault({ name: "MongoServerError", code: 18, errorLabels: ["HandshakeError"] })],
  ])("%s", (_, thrown) => {
    expect(storeFault(thrown, "find runs")).toMatchObject({
      code: "store_unavailable",
      retryable: true,
      cause: thrown,
      message: expect.stringContaining("find runs"),
    });
  });
});

/** By category, as of the server's master branch in 2026 (`src/mongo/base/error_codes.yml`). A code may have several. */
const CATEGORIES: Readonly<Record<string, readonly number[]>> = {
  NetworkError: [6, 7, 89, 317, 384, 9_001],
  NetworkTimeoutError: [89, 202],
  Interruption: [24, 50, 237, 262, 279, 281, 282, 290, 355, 453, 11_600, 11_601, 11_602, 46_841, 91_331, 10_045_600],
  NotPrimaryError: [189, 10_107, 11_602, 13_435, 13_436],
  StaleShardVersionError: [150, 13_388],
  NeedRetargettingError: [150, 13_388],
  WriteConcernError: [64, 75, 79, 100],
  ShutdownError: [91, 333, 11_600],
  CancellationError: [90, 91, 310, 312, 333, 355, 11_600, 46_841],
  ExceededTimeLimitError: [50, 202, 262, 290, 407],
  SnapshotError: [239, 246, 250, 272],
  RetriableError: [
    6, 7, 89, 91, 134, 189, 262, 317, 358, 384, 402, 406, 407, 412, 453, 462, 9_001, 10_107, 11_600, 11_602, 13_435, 13_436, 50_915, 91_331,
    10_045_600,
  ],
  CursorInvalidatedError: [43, 96, 175, 237, 314],
  SystemOverloadedError: [433, 449, 450, 462],
  "CloseConnectionError, but for a load balancer that is none": [303, 372, 398],
  "of the session in which the driver sends a write again: another session has it": [217, 225, 228],
  "what the server retries by itself, or says while it comes up, without a category": [
    1, 8, 46, 63, 83, 94, 107, 112, 117, 133, 145, 149, 164, 199, 203, 209, 210, 211, 215, 216, 249, 264, 267, 285, 319, 342, 363, 365, 371,
    10_058, 12_586, 12_587, 14_031, 56_846,
  ],
};
/** Faults that a repeat does not fix. */
const FINAL_CODES = [
  2, 9, 11, 13, 14, 18, 20, 22, 26, 27, 31, 40, 52, 55, 59, 66, 67, 72, 73, 85, 86, 115, 121, 146, 171, 257, 292, 322, 323, 334, 354, 9_996,
  10_334, 11_000, 17_280, 40_415,
];

describe("the server's codes", () => {
  const answered = (code: number) => storeFault(new driver.MongoServerError({ ok: 0, code, errmsg: "refused" }), "find runs");

  test.each(Object.entries(CATEGORIES))("%s is the store being unavailable", (_, codes) => {
    const others = codes.filter((code) => answered(code).code !== "store_unavailable" || !answered(code).retryable);
    expect(others).toEqual([]);
  });

  test.each(Object.entries(CATEGORIES))("so it is for one statement of a batch, and for what a majority has not got: %s", (_, codes) => {
    for (const code of codes) {
      const ofStatement = fault({ name: "MongoBulkWriteError", code: 11_000, writeErrors: [duplicate(0), { index: 1, code }] });
      const ofConcern = new driver.MongoWriteConcernError({
        ok: 1,
        writeConcernError: { code, errmsg: "waiting for replication" },
      } as never);
      for (const thrown of [ofStatement, ofConcern]) expect(storeFault(thrown, "update runs")).toMatchObject({ code: "store_unavailable" });
    }
  });

  test("a fault that a repeat does not fix is internal", () => {
    expect(FINAL_CODES.filter((code) => answered(code).code !== "internal")).toEqual([]);
  });
});

describe("labels decide first", () => {
  const labelled = (...errorLabels: string[]) => new driver.MongoServerError({ ok: 0, code: 2, errmsg: "unheard of", errorLabels });

  test.each([
    "RetryableWriteError",
    "RetryableReadError",
    "TransientTransactionError",
    "UnknownTransactionCommitResult",
    "RetryableError",
    "SystemOverloadedError",
    "PoolRequestedRetry",
    "ResetPool",
    "HandshakeError",
  ])("%s is the store being unavailable, whatever the code", (label) => {
    expect(storeFault(labelled(label), "find runs")).toMatchObject({ code: "store_unavailable", retryable: true });
  });

  test("that nothing was written says nothing of whether it may be repeated", () => {
    expect(storeFault(labelled("NoWritesPerformed"), "find runs")).toMatchObject({ code: "internal", retryable: false });
    expect(storeFault(labelled("NoWritesPerformed", "RetryableWriteError"), "find runs")).toMatchObject({ retryable: true });
  });

  test("a batch has the labels of what stopped it", () => {
    const { MongoBulkWriteError } = driver;
    const batch = new MongoBulkWriteError(labelled("RetryableWriteError") as never, { getWriteConcernError: () => undefined } as never);
    expect(storeFault(batch, "update runs")).toMatchObject({ code: "store_unavailable" });
  });
});

/** Errors of the driver that no statement caused, or whose cause is unknown. All others are faults of the caller. */
const UNAVAILABLE_CLASSES = [
  "MongoAWSError",
  "MongoAzureError",
  "MongoClientClosedError",
  "MongoCursorExhaustedError",
  "MongoDecompressionError",
  "MongoExpiredSessionError",
  "MongoGCPError",
  "MongoKerberosError",
  "MongoNetworkError",
  "MongoNetworkTimeoutError",
  "MongoNotConnectedError",
  "MongoOIDCError",
  "MongoOperationTimeoutError",
  "MongoRuntimeError",
  "MongoServerClosedError",
  "MongoServerSelectionError",
  "MongoStalePrimaryError",
  "MongoSystemError",
  "MongoTopologyClosedError",
  "MongoUnexpectedServerResponseError",
  "MongoWriteConcernError",
];

test("every class of fault that the driver has is known", () => {
  const classes = Object.entries(driver).filter(([name, value]) => name.endsWith("Error") && typeof value === "function");
  const isUnavailable = ([, value]: (typeof classes)[number]): boolean => {
    const thrown = Object.create((value as { readonly prototype: object }).prototype, {
      message: { value: "m" },
      errorLabelSet: { value: new Set() },
    });
    return storeFault(thrown, "find runs").code === "store_unavailable";
  };
  expect(
    classes
      .filter(isUnavailable)
      .map(([name]) => name)
      .sort(),
  ).toEqual(UNAVAILABLE_CLASSES);
});

test("a connection that the driver's monitor cut off, which is the only network fault of another name, is the store being unavailable", async () => {
  const { PoolClearedOnNetworkError } = await import("mongodb/lib/cmap/errors.js");
  expect(storeFault(new PoolClearedOnNetworkError({ address: "db:27017" }), "find runs")).toMatchObject({ code: "store_unavailable" });
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
  expect(findDuplicates(fault({ writeErrors: [duplicate(3), duplicate(5)] }))).toEqual([3, 5]);
  expect(findDuplicates(fault({ writeErrors: duplicate(3) }))).toEqual([3]);
  expect(findDuplicates(fault({ writeErrors: [duplicate(3), { index: 4, code: 50 }] }))).toBeNull();
  expect(findDuplicates(fault({ writeErrors: [duplicate(3)], result: { getWriteConcernError: () => ({ code: 64 }) } }))).toBeNull();
  expect(findDuplicates(fault({ code: 50 }))).toBeNull();
});

test("a conflict inside a batch is one of the batch", () => {
  expect(isConflict(fault({ writeErrors: [duplicate(0), { index: 1, code: 112 }] }))).toBe(true);
  expect(isConflict(fault({ writeErrors: [duplicate(0)] }))).toBe(false);
});
