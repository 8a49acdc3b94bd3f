import { expect, test } from "@jest/globals";
import kafkajs from "kafkajs";
import { AppError } from "../../domain/app-error.ts";
import { busFault } from "./bus-fault.ts";

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError, KafkaJSRequestTimeoutError } = kafkajs;

/** As kafkajs throws what a broker answers. */
const answered = (type: string, retriable = false) =>
  new KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 0, retriable }) as never);
const tried = (fault: Error) => new KafkaJSNumberOfRetriesExceeded(fault, { retryCount: 3, retryTime: 100 });

test.each<[string, Error]>([
  ["an election is going on", answered("LEADER_NOT_AVAILABLE", true)],
  ["another broker leads", tried(answered("NOT_LEADER_FOR_PARTITION", true))],
  ["too few replicas are in sync", answered("NOT_ENOUGH_REPLICAS", true)],
  ["the broker is unavailable", answered("BROKER_NOT_AVAILABLE")],
  ["its disk fails", answered("KAFKA_STORAGE_ERROR", true)],
  ["a right is missing, which somebody may give", answered("TOPIC_AUTHORIZATION_FAILED")],
  ["the login is refused", answered("SASL_AUTHENTICATION_FAILED")],
  ["an unknown fault", answered("UNKNOWN")],
  ["the connection broke", tried(new KafkaJSConnectionError("connection refused"))],
  ["no answer came in time", new KafkaJSRequestTimeoutError("request timed out", {} as never)],
  ["something else", new Error("the bus is full")],
])("may pass: %s", (_, fault) => {
  expect(busFault("publish to t", fault)).toMatchObject({ code: "bus_unavailable", retryable: true, cause: fault });
});

test.each(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"])("a message that is refused is refused again: %s", (type) => {
  expect(busFault("publish to t", answered(type))).toMatchObject({ code: "bus_unavailable", retryable: false });
  expect(busFault("publish to t", tried(answered(type)))).toMatchObject({ code: "bus_unavailable", retryable: false });
});

test("an own fault passes unchanged", () => {
  const own = new AppError("bad_config", "no such topic");
  expect(busFault("publish to t", own)).toBe(own);
});
