import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { SECOND } from "@tickline/shared/testing/factories";
import { createTicker } from "../fire/ticker.ts";
import { setup } from "../scheduler-under-test.test-support.ts";
import { createRescuer } from "./rescuer.ts";

const LEASE_MS = 15 * SECOND;

/** A due run, and executors that claim it and do nothing more. */
async function crashing() {
  const parts = setup();
  const job = await parts.addJob();
  const logged: Record<string, unknown>[] = [];
  const ended: EndedRun[] = [];
  const listeners = {
    onFired: () => undefined,
    onPublishable: () => undefined,
    onEnded: (runs: readonly EndedRun[]) => void ended.push(...runs),
  };
  const log = { ...parts.context.log, warn: (fields: Record<string, unknown>) => void logged.push(fields) } as unknown as Logger;
  const rescuer = createRescuer({ ...parts.context, log }, listeners);
  const ticker = createTicker(parts.context, listeners);
  await ticker.readAhead();
  await ticker.tick();
  const { clock, store } = parts;

  async function crash(): Promise<void> {
    const [run] = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 1 });
    const claimant = { executor: "e1", token: `token-${run?.attempt}`, leaseMs: LEASE_MS };
    await store.claims.claim({ runs: run === undefined ? [] : [run], claimant, now: clock.now(), firedAfter: 0 });
    clock.advance(LEASE_MS);
    await rescuer.rescue();
    clock.advance(LEASE_MS);
    await rescuer.rescue();
  }
  return { ...parts, job, logged, ended, crash };
}

test("the log names the runs whose executor is gone, and their handlers: one of them may be why", async () => {
  const { crash, logged, listRuns, job } = await crashing();
  await crash();
  const [run] = await listRuns(job);
  expect(logged).toEqual([
    { rescued: 1, of: 1, runs: [{ runId: run!.runId, handler: job.definition.handler, attempt: 1, rescues: 0, to: "due" }] },
  ]);
});

test("a run whose executors disappeared six times is failed, with this reason", async () => {
  const { crash, ended, logged, listRuns, job } = await crashing();
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await crash();
    expect(await listRuns(job)).toMatchObject([{ state: "due", attempt: attempt + 1, error: null }]);
  }
  await crash();
  const error = { code: "rescued_too_often", message: expect.stringContaining("6 attempts"), retryable: false };
  const [run] = await listRuns(job);
  expect(run).toMatchObject({ state: "failed", attempt: 6, error });
  expect(run!.attempts.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "lost"));
  expect(ended).toMatchObject([{ state: "failed", error }]);
  expect(logged.at(-1)).toMatchObject({ runs: [{ attempt: 6, rescues: 5, to: "failed" }] });
});
