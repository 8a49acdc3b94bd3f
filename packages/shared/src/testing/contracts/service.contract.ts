import { describe, expect, test } from "@jest/globals";
import type { Service } from "../../runtime/service/service.ts";

export interface ServiceUnderTest {
  readonly service: Service;
  /** Frees the resources of the setup; called after `stop` has resolved. */
  readonly close?: () => Promise<void>;
  /** The number of open timers, subscriptions and sockets of the service. Must be 0 after `stop`. */
  readonly leftovers?: () => number;
}

/** The lifecycle of every service: `start` and `stop` may be called twice, never, concurrently and in any order, and no resource stays open. */
export function serviceContract(name: string, setup: () => Promise<ServiceUnderTest>): void {
  const sequences: readonly (readonly [string, (service: Service) => Promise<unknown>])[] = [
    ["never started, stopped", (service) => service.stop()],
    ["never started, stopped twice", (service) => service.stop().then(() => service.stop())],
    ["started, stopped", (service) => service.start().then(() => service.stop())],
    [
      "started twice, stopped once",
      (service) =>
        service
          .start()
          .then(() => service.start())
          .then(() => service.stop()),
    ],
    ["started twice at once, stopped twice at once", startedAndStoppedTwiceAtOnce],
    ["stopped while it starts", (service) => Promise.all([service.start(), service.stop()])],
    ["started and stopped three times in a row", startedAgainAndAgain],
    ["started, stopped and started at once, then stopped", startedStoppedStarted],
  ];
  describe(`service contract: ${name}`, () => {
    test.each(sequences)("%s: nothing throws and nothing is left", async (_, sequence) => {
      const { service, close, leftovers } = await setup();
      await sequence(service);
      await service.stop();
      expect(leftovers?.() ?? 0).toBe(0);
      await close?.();
    });
  });
}

async function startedAndStoppedTwiceAtOnce(service: Service): Promise<void> {
  await Promise.all([service.start(), service.start()]);
  await Promise.all([service.stop(), service.stop()]);
}

async function startedAgainAndAgain(service: Service): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await service.start();
    await service.stop();
  }
}

async function startedStoppedStarted(service: Service): Promise<void> {
  await Promise.all([service.start(), service.stop(), service.start()]);
}
