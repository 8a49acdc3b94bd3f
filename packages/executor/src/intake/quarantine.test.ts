import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { createQuarantine } from "./quarantine.ts";

const run = (runId: string, changes: Partial<DueRun> = {}): DueRun => ({ ...newDueRun(newJob()), runId, ...changes });
const any = (): boolean => true;

test("quarantined runs are taken one at a time, each once, and no more wait than the limit", () => {
  const quarantine = createQuarantine(2);
  quarantine.add([run("a"), run("b"), run("a"), run("c")]);
  expect([quarantine.take(any)?.runId, quarantine.take(any)]).toEqual(["a", null]);
  quarantine.onEnded("unrelated");
  expect(quarantine.take(any)).toBeNull();
  quarantine.onEnded("a");
  expect(quarantine.take(any)?.runId).toBe("b");
  quarantine.onEnded("b");
  expect(quarantine.take(any)).toBeNull();
});

test("a quarantined run that gets no worker delays no other", () => {
  const quarantine = createQuarantine(2);
  quarantine.add([run("a", { queue: "low" }), run("b", { queue: "high" })]);
  expect(quarantine.take(({ queue }) => queue === "high")?.runId).toBe("b");
  quarantine.onEnded("b");
  expect(quarantine.take(any)?.runId).toBe("a");
});
