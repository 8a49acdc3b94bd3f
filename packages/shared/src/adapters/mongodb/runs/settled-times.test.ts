import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import { SETTLE_MS_MAX, STATEMENT_MS_MAX } from "../../../domain/time/time-limits.ts";
import type { Store } from "../../../ports/store/store.ts";
import { addJob, addRun, addRuns, LEASE_MS, start, SUCCESS } from "../../../testing/contracts/store-steps.ts";
import { DAY, START } from "../../../testing/factories.ts";
import { memoryContext, type Statement } from "../collections/memory-rows.test-support.ts";
import { createPorts } from "../ports.ts";

const NOW = START + 30 * DAY;

interface State {
  slow: boolean;
  passedMs: number;
  onStatement: (statement: Statement) => void;
}

/** A store in which every statement takes as long as it may, from the moment it is `slow`. */
function setup() {
  const state: State = { slow: false, passedMs: 0, onStatement: () => {} };
  const stamps: { readonly settledAt: number; readonly seenAt: number }[] = [];
  const context = memoryContext(
    (statement) => {
      state.onStatement(statement);
      if (!state.slow) return;
      state.passedMs += STATEMENT_MS_MAX;
      const settledAt = (statement.update?.["$set"] as { readonly settledAt?: number } | undefined)?.settledAt;
      if (settledAt !== undefined) stamps.push({ settledAt, seenAt: NOW + state.passedMs });
    },
    { serverNow: () => NOW + state.passedMs },
  );
  const store: Store = { ...createPorts(context), ping: async () => ({ now: NOW }), close: async () => {} };
  return { context, store, state, stamps };
}

type Setup = ReturnType<typeof setup>;

const ENDS: readonly (readonly [string, (parts: Setup) => Promise<() => Promise<unknown>>])[] = [
  [
    "a result",
    async ({ store }) => {
      const run = await addRun(store, await addJob(store));
      const { token } = await start(store, run, { token: "t" });
      return () => store.claims.settle({ settlements: [{ runId: run.runId, token, result: SUCCESS, finishedAt: NOW }], now: NOW });
    },
  ],
  [
    "a result of a run that others wait behind",
    async ({ store }) => {
      const job = await addJob(store, { definition: { overlap: "buffer_all" } });
      const [holder, waiting] = [await addRun(store, job, { name: "a" }), await addRun(store, job, { name: "b" })];
      const { token } = await start(store, holder, { token: "t" });
      await store.claims.claim({
        runs: [waiting],
        claimant: { executor: "e", token: "u", leaseMs: LEASE_MS },
        now: START,
        firedAfter: 0,
      });
      return () => store.claims.settle({ settlements: [{ runId: holder.runId, token, result: SUCCESS, finishedAt: NOW }], now: NOW });
    },
  ],
  [
    "a rescue",
    async ({ store }) => {
      const run = await addRun(store, await addJob(store));
      await start(store, run, { token: "t" });
      return () => store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt: START + LEASE_MS, to: "lost" }], now: NOW });
    },
  ],
  [
    "a cancel of a run that becomes due and running again meanwhile",
    async ({ store, context, state }) => {
      const run = await addRun(store, await addJob(store));
      const runs = context.rows.runs.all;
      let escapes = 4;
      state.onStatement = ({ method, update }) => {
        if (method !== "updateMany" || (escapes -= 1) < 0) return;
        const wanted = (update?.["$set"] as { readonly state?: string } | undefined)?.state === "cancelled" ? "running" : "due";
        const [row] = runs();
        const { onStatement } = state;
        state.onStatement = () => {};
        state.slow = false;
        void context.rows.runs.put([{ ...row, state: wanted } as never]);
        state.slow = true;
        state.onStatement = onStatement;
      };
      return () => store.control.cancel("default", { runId: run.runId, now: NOW });
    },
  ],
  [
    "a cancel of all that is open of a job with unfinished fires",
    async ({ store, context }) => {
      const job = await addJob(store);
      await addRuns(store, job, { count: 3 });
      const [row] = context.rows.jobs.all();
      const [run] = context.rows.runs.all();
      const fire = {
        ...run,
        key: "other",
        token: "fire",
        count: 1,
        scheduledForLast: null,
        retryOf: null,
        reason: null,
        definitionHash: null,
      };
      await context.rows.jobs.put([{ ...row, pending: [fire] } as never]);
      return () => store.control.cancelOpen("default", { jobUid: job.uid, now: NOW, limit: 10 });
    },
  ],
  [
    "the end of what has waited for too long in one of many queues",
    async ({ store }) => {
      for (const queue of ["a", "b", "c", "d"]) await addRun(store, await addJob(store, { id: queue, definition: { queue } }));
      return () => store.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore: NOW, now: NOW, limit: 10 });
    },
  ],
];

test.each(ENDS)("%s is settled no longer before it can be read than the fold looks back", async (_, prepare) => {
  const parts = setup();
  const act = await prepare(parts);
  parts.state.slow = true;
  await act();
  expect(parts.stamps.length).toBeGreaterThan(0);
  for (const { settledAt, seenAt } of parts.stamps) expect(seenAt - settledAt).toBeLessThanOrEqual(SETTLE_MS_MAX);
});
