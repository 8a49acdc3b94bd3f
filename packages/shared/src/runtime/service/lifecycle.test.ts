import { expect, test } from "@jest/globals";
import { serviceContract } from "../../testing/contracts/service.contract.ts";
import { createLifecycle } from "./lifecycle.ts";

function setup({ failing = false } = {}) {
  const told: string[] = [];
  const step = async (name: string): Promise<void> => {
    told.push(`${name} begins`);
    await new Promise((turn) => setImmediate(turn));
    told.push(`${name} ends`);
  };
  const service = createLifecycle({
    async start() {
      await step("start");
      if (failing) throw new Error("on purpose");
    },
    stop: () => step("stop"),
  });
  return { service, told };
}

serviceContract("lifecycle", async () => {
  const { service, told } = setup();
  return {
    service,
    leftovers: () => told.filter((line) => line === "start ends").length - told.filter((line) => line === "stop ends").length,
  };
});

test("steps called at once run one after another, each once", async () => {
  const { service, told } = setup();
  await Promise.all([service.start(), service.start(), service.stop(), service.stop(), service.start()]);
  const once = ["start begins", "start ends"];
  expect(told).toEqual([...once, "stop begins", "stop ends", ...once]);
});

test("a start that fails is undone, says so, and may be tried again", async () => {
  const { service, told } = setup({ failing: true });
  await expect(service.start()).rejects.toThrow("on purpose");
  await service.stop();
  await expect(service.start()).rejects.toThrow("on purpose");
  expect(told.filter((line) => line.endsWith("begins"))).toEqual(["start begins", "stop begins", "start begins", "stop begins"]);
});
