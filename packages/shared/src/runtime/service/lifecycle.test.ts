import { expect, test } from "@jest/globals";
import { serviceContract } from "../../testing/contracts/service.contract.ts";
import { createLifecycle } from "./lifecycle.ts";

function setup({ failing = false } = {}) {
  const steps: string[] = [];
  const step = async (name: string): Promise<void> => {
    steps.push(`${name} begins`);
    await new Promise((turn) => setImmediate(turn));
    steps.push(`${name} ends`);
  };
  const service = createLifecycle({
    async start() {
      await step("start");
      if (failing) throw new Error("on purpose");
    },
    stop: () => step("stop"),
  });
  return { service, steps };
}

serviceContract("lifecycle", async () => {
  const { service, steps } = setup();
  return {
    service,
    leftovers: () => steps.filter((line) => line === "start ends").length - steps.filter((line) => line === "stop ends").length,
  };
});

test("steps called at once run one after another, each once", async () => {
  const { service, steps } = setup();
  await Promise.all([service.start(), service.start(), service.stop(), service.stop(), service.start()]);
  const once = ["start begins", "start ends"];
  expect(steps).toEqual([...once, "stop begins", "stop ends", ...once]);
});

test("a start that fails is undone, says so, and may be tried again", async () => {
  const { service, steps } = setup({ failing: true });
  await expect(service.start()).rejects.toThrow("on purpose");
  await service.stop();
  await expect(service.start()).rejects.toThrow("on purpose");
  expect(steps.filter((line) => line.endsWith("begins"))).toEqual(["start begins", "stop begins", "start begins", "stop begins"]);
});
