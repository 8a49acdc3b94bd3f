import { expect, test } from "@jest/globals";
import { AppError } from "../../domain/app-error.ts";
import type { Subscription } from "../../ports/bus.ts";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createLastingSubscription, SUBSCRIBE_MS_MAX } from "./lasting-subscription.ts";
import { silentLogger } from "../log/logger.ts";

const away = (): AppError => new AppError("bus_unavailable", "no topic t", { retryable: true });
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

/** A bus of which the test answers each `subscribe`. */
function setup() {
  const clock = manualClock(START);
  const asked: PromiseWithResolvers<Subscription>[] = [];
  const did: string[] = [];
  const bus = {
    subscribe() {
      const answer = Promise.withResolvers<Subscription>();
      asked.push(answer);
      return answer.promise;
    },
  };
  const opened: Subscription = {
    pause: () => void did.push("pause"),
    resume: () => void did.push("resume"),
    stop: async () => void did.push("stop"),
  };
  const request = () => ({ topics: ["t"], group: "g", from: "end", onBatch: () => undefined }) as const;
  const subscription = createLastingSubscription({ bus, clock, log: silentLogger, request });
  return { clock, asked, did, opened, subscription };
}

test("a start resolves when the topic is read, and a stop ends that", async () => {
  const { asked, did, opened, subscription, clock } = setup();
  const started = subscription.start();
  asked[0]?.resolve(opened);
  await started;
  subscription.pause();
  subscription.resume();
  await subscription.stop();
  expect(did).toEqual(["pause", "resume", "stop"]);
  expect(clock.timers).toBe(0);
});

test("a start rejects with what the bus refuses it for, and leaves nothing behind", async () => {
  const { asked, subscription, clock } = setup();
  const started = subscription.start();
  asked[0]?.reject(away());
  await expect(started).rejects.toMatchObject({ code: "bus_unavailable" });
  await turns();
  expect(clock.timers).toBe(0);
});

test("a topic that is not read within the time of a start is tried until it is, paused if that was asked for meanwhile", async () => {
  const { asked, did, opened, subscription, clock } = setup();
  const started = subscription.start();
  clock.advance(SUBSCRIBE_MS_MAX);
  await started;
  subscription.pause();
  asked[0]?.reject(away());
  await turns();
  clock.advance(5_000);
  await turns();
  asked[1]?.resolve(opened);
  await turns();
  expect(did).toEqual(["pause"]);
  await subscription.stop();
  expect(did).toEqual(["pause", "stop"]);
});

test("a stop does not wait for what is still being opened, which ends as soon as it is", async () => {
  const { asked, did, opened, subscription, clock } = setup();
  const started = subscription.start();
  clock.advance(SUBSCRIBE_MS_MAX);
  await started;
  await subscription.stop();
  asked[0]?.resolve(opened);
  await turns();
  expect(did).toEqual(["stop"]);
  expect(clock.timers).toBe(0);
});
