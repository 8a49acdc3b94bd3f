import { describe, expect, test } from "@jest/globals";
import type { ClaimedRun, DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { OverlapPolicy } from "../../../domain/policy/overlap.ts";
import { isTerminal } from "../../../domain/run/run-state.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  addRun,
  changeJob,
  claim,
  end,
  ending,
  FAILURE,
  pickRunIds,
  LEASE_MS,
  publishable,
  retryIn,
  start,
  SUCCESS,
  wake,
} from "../../../testing/contracts/store-steps.ts";
import { DAY, editedJob, HOUR, MINUTE, SECOND, START } from "../../../testing/factories.ts";
import { type TwoStores, twoStores } from "./interrupted-store.test-support.ts";
import type { RunRow } from "../runs/run-row.ts";

/** A process ends in the middle of a step that changes several runs of a job. */
interface Crashing {
  /** Makes the runs that the step needs, and returns the step, which `other` performs. */
  readonly prepare: (stores: TwoStores) => Promise<() => Promise<unknown>>;
}

/** `before`: the process ends before it sends a statement. `after`: the server performs it, and the answer is lost. */
type CrashMode = "before" | "after";
class Crash extends Error {}
const crash = (when: CrashMode) => ({ when, act: () => Promise.reject(new Crash()) });

const NOW = START + HOUR;
const claimant = (token: string) => ({ executor: "crashing", token, leaseMs: LEASE_MS });

/** Runs of one job, a second apart. */
async function backlog(store: Store, overlap: OverlapPolicy, names: readonly string[]): Promise<{ job: Job; runs: DueRun[] }> {
  const job = await addJob(store, { definition: { overlap, expireAfterMs: DAY } });
  const runs: DueRun[] = [];
  for (const [index, name] of names.entries()) runs.push(await addRun(store, job, { now: START + index * SECOND, name }));
  return { job, runs };
}

/** The first of them is in progress since `startedAt`, the others wait for it. */
async function waitingBehind(
  { store }: Pick<TwoStores, "store">,
  { overlap = "buffer_all" as OverlapPolicy, startedAt = NOW as Instant } = {},
): Promise<{ job: Job; runs: DueRun[]; held: ClaimedRun }> {
  const { job, runs } = await backlog(store, overlap, ["a", "b", "c"]);
  const held = await start(store, runs[0]!, { token: "holder", now: startedAt });
  for (const run of runs.slice(1)) expect(await claim(store, [run], { token: run.runId, now: NOW })).toMatchObject([{ kind: "waiting" }]);
  return { job, runs, held };
}

const settling = (result: typeof SUCCESS): Crashing => ({
  async prepare(stores) {
    const { held } = await waitingBehind(stores);
    const settlements = [{ runId: held.run.runId, token: held.token, result, finishedAt: NOW }];
    return () => stores.other.claims.settle({ settlements, now: NOW });
  },
});

const STEPS: Readonly<Record<string, Crashing>> = {
  "the claim of a backlog": {
    async prepare({ store, other }) {
      const { runs } = await backlog(store, "skip", ["a", "b", "c", "d"]);
      return () => other.claims.claim({ runs, claimant: claimant("crashed"), now: NOW, firedAfter: 0 });
    },
  },
  "the claim of a run before which an older one is ready": {
    async prepare({ store, other }) {
      const { runs } = await backlog(store, "skip", ["a", "b"]);
      return () => other.claims.claim({ runs: runs.slice(1), claimant: claimant("crashed"), now: NOW, firedAfter: 0 });
    },
  },
  "the claim of runs that come while another is in progress": {
    async prepare(stores) {
      const { runs } = await backlog(stores.store, "skip", ["a", "b", "c"]);
      await start(stores.store, runs[0]!, { token: "holder", now: START });
      return () => stores.other.claims.claim({ runs: runs.slice(1), claimant: claimant("crashed"), now: NOW, firedAfter: 0 });
    },
  },
  "the claim of a run that cancels the one in progress": {
    async prepare(stores) {
      const { job } = await waitingBehind(stores, { overlap: "cancel_running", startedAt: START });
      const run = await addRun(stores.store, job, { now: START + MINUTE, name: "newest" });
      return () => stores.other.claims.claim({ runs: [run], claimant: claimant("crashed"), now: NOW, firedAfter: 0 });
    },
  },
  "the settlement of a success": settling(SUCCESS),
  "the settlement of a failure": settling(FAILURE),
  "the settlement of a failure that is tried again": settling(retryIn(SECOND)),
  "the settlement of a release": settling({ kind: "released" }),
  "the rescue of the run in progress": {
    async prepare(stores) {
      const { held } = await waitingBehind(stores);
      const rescue = { runId: held.run.runId, expiresAt: NOW + LEASE_MS, to: "lost" } as const;
      return () => stores.other.leases.rescue({ rescues: [rescue], now: NOW + MINUTE });
    },
  },
  "the cancel of a run that was woken": {
    async prepare(stores) {
      const { job, runs, held } = await waitingBehind(stores);
      await end(stores.store, held, { now: NOW });
      return () => stores.other.control.cancel(job.tenantId, { runId: runs[1]!.runId, now: NOW });
    },
  },
  "the expiry of runs that were woken": {
    async prepare(stores) {
      const { held } = await waitingBehind(stores);
      await end(stores.store, held, { now: NOW });
      return () => stores.other.dueRuns.wake({ shard: ALL_SLOTS, now: START + DAY + SECOND + 1, limit: 100 });
    },
  },
  "the second look at runs that wait": {
    async prepare(stores) {
      await waitingBehind(stores);
      return () => stores.other.dueRuns.wake({ shard: ALL_SLOTS, now: NOW + MINUTE, limit: 100 });
    },
  },
  "the end of runs that waited too long": {
    async prepare(stores) {
      const { held } = await waitingBehind(stores);
      await end(stores.store, held, { now: NOW });
      return () => stores.other.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore: START + 2 * SECOND, now: NOW, limit: 100 });
    },
  },
  "the cancel of what an edit leaves behind": {
    async prepare(stores) {
      const { job, held } = await waitingBehind(stores);
      const edited = await changeJob(stores.store, job, editedJob(job, { handler: "other" }));
      const kept = await addRun(stores.store, edited, { now: START + MINUTE, name: "kept" });
      await claim(stores.store, [kept], { token: "kept", now: NOW });
      await end(stores.store, held, { now: NOW });
      const keeping = { queue: "default", handler: "other" };
      return () => stores.other.control.cancelOpen(job.tenantId, { jobUid: job.uid, reason: "job_edited", keeping, now: NOW, limit: 100 });
    },
  },
  "the deferral of a run for which others wait": {
    async prepare({ store, other }) {
      const { runs } = await backlog(store, "skip", ["a", "b"]);
      await claim(store, runs.slice(1), { token: "b", now: NOW });
      const deferral = { runId: runs[0]!.runId, attempt: 1, reason: "unknown_handler", wakeAt: NOW + HOUR } as const;
      return () => other.claims.defer({ deferrals: [deferral] });
    },
  },
};

/** Performs the step, which is interrupted at this statement. False: it ended before. */
async function crashesAt(place: number, mode: CrashMode, { stores, step }: { stores: TwoStores; step: Crashing }): Promise<boolean> {
  const make = await step.prepare(stores);
  stores.interruptAt(place, crash(mode));
  await make().catch((fault: unknown) => {
    if (!(fault instanceof Crash)) throw fault;
  });
  return stores.goOn();
}

const isOpen = ({ state }: RunRow): boolean => !isTerminal(state);

/** The work of the other services, until no run is open. No service repeats the step. */
async function goOn({ store, rows }: TwoStores): Promise<void> {
  for (let [round, now] = [0, NOW + MINUTE]; rows().some(isOpen); [round, now] = [round + 1, now + 10 * MINUTE]) {
    expect(round).toBeLessThan(20);
    const leases = await ending(store, now);
    await store.leases.rescue({ rescues: leases.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" })), now });
    await wake(store, now);
    await store.deferred.resume({ shard: ALL_SLOTS, queue: "default", handlers: ["http"], after: null, limit: 100 });
    for (let ready = await publishable(store); ready.length > 0; ready = await publishable(store)) {
      const outcomes = await claim(store, ready, { token: `round-${round}-${ready[0]!.runId}-${ready[0]!.attempt}`, now });
      const won = outcomes.flatMap((outcome) => (outcome.kind === "won" ? [outcome.claim] : []));
      expect(won.length).toBeLessThanOrEqual(1);
      for (const held of won) await end(store, held, { now });
    }
  }
}

describe.each<CrashMode>(["before", "after"])("a process that ends %s a statement", (mode) => {
  test.each(Object.entries(STEPS))("%s: no run waits for ever, and never are two in progress", async (_, step) => {
    for (let [place, crashed] = [0, true]; crashed; place += 1) {
      const stores = twoStores();
      crashed = await crashesAt(place, mode, { stores, step });
      await goOn(stores);
      expect(place).toBeLessThan(40);
      if (!crashed) expect(place).toBeGreaterThan(1);
    }
  });

  test("a settlement whose answer was lost wakes the next when it is repeated", async () => {
    for (let [place, crashed] = [0, true]; crashed; place += 1) {
      const { store, other, ...stores } = twoStores();
      const { runs, held } = await waitingBehind({ store });
      const settlements = [{ runId: held.run.runId, token: held.token, result: SUCCESS, finishedAt: NOW }];
      const settling = () => other.claims.settle({ settlements, now: NOW });
      stores.interruptAt(place, crash(mode));
      await settling().catch((fault: unknown) => expect(fault).toBeInstanceOf(Crash));
      crashed = stores.goOn();
      expect(await settling()).toMatchObject([{ kind: "ended", run: { runId: runs[0]!.runId, state: "succeeded" } }]);
      expect(pickRunIds(await publishable(store))).toContain(runs[1]!.runId);
    }
  });
});
