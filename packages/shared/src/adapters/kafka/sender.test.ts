import { expect, test } from "@jest/globals";
import type { Kafka } from "kafkajs";
import { AppError } from "../../domain/app-error.ts";
import { silentLogger } from "../../runtime/log/logger.ts";
import { createSender, type OutMessage } from "./sender.ts";

const message = (value: string): OutMessage => ({ key: null, value, headers: {} });

/** A broker that takes everything, and what it was sent, request by request. */
function setup({ refuses = () => false }: { readonly refuses?: (values: readonly unknown[]) => boolean } = {}) {
  const requests: unknown[][] = [];
  const producer = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    sendBatch({ topicMessages }: { readonly topicMessages: readonly { readonly messages: readonly OutMessage[] }[] }) {
      const values = topicMessages.flatMap(({ messages }) => messages.map(({ value }) => value));
      requests.push(values);
      return refuses(values) ? Promise.reject(new AppError("bus_unavailable", "refused", { retryable: false })) : Promise.resolve();
    },
  };
  const kafka = { producer: () => producer } as unknown as Kafka;
  return { requests, sender: createSender({ kafka, topic: "runs", log: silentLogger, compressed: false }) };
}

test("messages sent in the turn of the event loop in which the last was acknowledged are sent too", async () => {
  const { requests, sender } = setup();
  await sender.send([message("first")]);
  await sender.send([message("second")]);
  expect(requests).toEqual([["first"], ["second"]]);
});

test("closing waits for messages sent in that turn", async () => {
  const { requests, sender } = setup();
  const second = sender.send([message("first")]).then(() => {
    const sent = sender.send([message("second")]);
    return Promise.all([sent, sender.close()]);
  });
  await second;
  expect(requests).toEqual([["first"], ["second"]]);
});

test("messages given while a request is in progress are sent together", async () => {
  const { requests, sender } = setup();
  await Promise.all(["a", "b", "c"].map((value) => sender.send([message(value)])));
  expect(requests).toEqual([["a"], ["b", "c"]]);
});

test("a message that the broker refuses does not fail the other messages of its request", async () => {
  const { requests, sender } = setup({ refuses: (values) => values.includes("bad") });
  const results = await Promise.allSettled(["first", "a", "bad", "b"].map((value) => sender.send([message(value)])));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(requests).toEqual([["first"], ["a", "bad", "b"], ["a"], ["bad"], ["b"]]);
  await Promise.all(["c", "d", "e"].map((value) => sender.send([message(value)])));
  expect(requests.slice(5)).toEqual([["c"], ["d", "e"]]);
});
