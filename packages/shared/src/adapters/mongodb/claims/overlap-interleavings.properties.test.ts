import { expect, test } from "@jest/globals";
import type { ClaimedRun, DueRun } from "../../../domain/run/due-run.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { OverlapPolicy } from "../../../domain/policy/overlap.ts";
import type { AttemptResult } from "../../../domain/run/settlement.ts";
import { ALL_SLOTS } from "../../../domain/slot.ts";
import type { ClaimOutcome } from "../../../ports/runs/run-claims.ts";
import type { Store } from "../../../ports/store/store.ts";
import {
  addJob,
  addRun,
  changeJob,
  claim,
  FAILURE,
  LEASE_MS,
  publishable,
  retryIn,
  settle,
  SUCCESS,
} from "../../../testing/contracts/store-steps.ts";
import { DAY, editedJob, HOUR, MINUTE, SECOND, START } from "../../../testing/factories.ts";
import { type TwoStores, twoStores } from "./interrupted-store.test-support.ts";
import { toSibling } from "./judge-overlap.ts";

const NOW = START + HOUR;
const RESULTS: Readonly<Record<string, AttemptResult>> = {
  success: SUCCESS,
  failure: FAILURE,
  release: { kind: "released" },
  retry: retryIn(DAY),
};

/** Runs of one job, a second apart, and who holds what. */
interface Scene extends TwoStores {
  readonly job: Job;
  readonly a: DueRun;
  readonly b: DueRun;
  readonly c: DueRun;
  /** Claims that any process won, and that are not settled yet. */
  readonly held: Map<string, ClaimedRun>;
  /** Claims under a token of its own. */
  take(store: Store, runs: readonly DueRun[], now?: number): Promise<readonly ClaimOutcome[]>;
  finish(store: Store, run: DueRun, result?: AttemptResult): Promise<void>;
}

interface Interleaving {
  readonly overlap?: OverlapPolicy;
  /** Without it there are `a` and `b` alone: a third unclaimed run would, once it is claimed, find what was not woken. */
  readonly third?: true;
  readonly before?: (scene: Scene) => Promise<unknown>;
  /** In one process … */
  readonly step: (scene: Scene) => Promise<unknown>;
  /** … and, without interruption, in another, between any two of its statements. */
  readonly between: (scene: Scene) => Promise<unknown>;
}

const ending = Object.entries(RESULTS).flatMap(([name, result]): [string, Interleaving][] => [
  [
    `the claim of a run that has to wait, and the end of the run in progress: ${name}`,
    {
      before: ({ take, store, a }) => take(store, [a]),
      step: ({ take, other, b }) => take(other, [b]),
      between: ({ finish, store, a }) => finish(store, a, result),
    },
  ],
  [
    `the end of the run in progress, and the claim of a run that has to wait: ${name}`,
    {
      before: ({ take, store, a }) => take(store, [a]),
      step: ({ finish, other, a }) => finish(other, a, result),
      between: ({ take, store, b }) => take(store, [b]),
    },
  ],
  [
    `the end of a run for which another waits, and the claim of one more: ${name}`,
    {
      third: true,
      before: async ({ take, store, a, b }) => [await take(store, [a]), await take(store, [b])],
      step: ({ finish, other, a }) => finish(other, a, result),
      between: ({ take, store, c }) => take(store, [c]),
    },
  ],
]);

const CASES: readonly (readonly [string, Interleaving])[] = [
  ...ending,
  [
    "the claim of a run before which another is ready, and the claim and end of that one",
    {
      step: ({ take, other, b }) => take(other, [b]),
      between: async ({ take, finish, store, a }) => [await take(store, [a]), await finish(store, a)],
    },
  ],
  [
    "the claim of a run before which another is ready, and the cancel of that one",
    {
      step: ({ take, other, b }) => take(other, [b]),
      between: ({ store, job, a }) => store.control.cancel(job.tenantId, { runId: a.runId, now: NOW }),
    },
  ],
  [
    "the cancel of a run that is ready, and the claim of one that waits for it",
    {
      step: ({ other, job, a }) => other.control.cancel(job.tenantId, { runId: a.runId, now: NOW }),
      between: ({ take, store, b }) => take(store, [b]),
    },
  ],
  [
    "the expiry of a run that is ready, and the claim of one that waits for it",
    {
      step: ({ other }) => other.dueRuns.wake({ shard: ALL_SLOTS, now: START + DAY + 1, limit: 100 }),
      between: ({ take, store, b }) => take(store, [b]),
    },
  ],
  [
    "the close of a run that waited too long, and the claim of one that waits for it",
    {
      step: ({ other }) => other.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore: START + 1, now: NOW, limit: 100 }),
      between: ({ take, store, b }) => take(store, [b]),
    },
  ],
  [
    "the deferral of a run that is ready, and the claim of one that waits for it",
    {
      step: ({ other, a }) =>
        other.claims.defer({ deferrals: [{ runId: a.runId, attempt: 1, reason: "unknown_handler", wakeAt: NOW + DAY }] }),
      between: ({ take, store, b }) => take(store, [b]),
    },
  ],
  [
    "the rescue of the run in progress, and the claim of one that waits for it",
    {
      before: ({ take, store, a }) => take(store, [a]),
      step: async ({ other, a, held }) => {
        held.delete(a.runId); // Its executor has ended.
        return other.leases.rescue({ rescues: [{ runId: a.runId, expiresAt: NOW + LEASE_MS, to: "lost" }], now: NOW + MINUTE });
      },
      between: ({ take, store, b }) => take(store, [b]),
    },
  ],
  [
    "the claims of two runs of a backlog by two executors",
    { third: true, step: ({ take, other, a, b, c }) => take(other, [a, b, c]), between: ({ take, store, b, c }) => take(store, [c, b]) },
  ],
  [
    "the claims of the same runs by two executors",
    {
      third: true,
      step: ({ take, other, a, b, c }) => take(other, [a, b, c]),
      between: ({ take, store, a, b, c }) => take(store, [c, b, a]),
    },
  ],
  [
    "the claim that cancels the run in progress, and the end of that one",
    {
      third: true,
      overlap: "cancel_running",
      before: async ({ take, store, a, b }) => [await take(store, [a], START), await take(store, [b])],
      step: ({ take, other, c }) => take(other, [c]),
      between: ({ finish, store, a }) => finish(store, a),
    },
  ],
  [
    "the claim of a run that skips itself, and the claim of one that waits for it",
    {
      third: true,
      before: ({ take, store, a }) => take(store, [a], START + 1),
      step: ({ take, other, b }) => take(other, [b]),
      between: ({ take, store, c }) => take(store, [c]),
    },
  ],
  [
    "the release of a run for which another waits, and the claim of its next attempt",
    {
      before: async ({ take, store, a, b }) => [await take(store, [a]), await take(store, [b])],
      step: ({ finish, other, a }) => finish(other, a, { kind: "released" }),
      between: ({ take, store, a }) => take(store, [{ ...a, attempt: 2 }]),
    },
  ],
  [
    "the claim that skips a run for which another waits",
    {
      third: true,
      before: async ({ take, finish, store, a, c }) => {
        await take(store, [a]);
        await finish(store, a, retryIn(0));
        await take(store, [c]);
        await store.dueRuns.wake({ shard: ALL_SLOTS, now: NOW, limit: 100 });
        await take(store, [{ ...a, attempt: 2 }], START + 1);
      },
      step: ({ take, other, b }) => take(other, [b]),
      between: async () => {},
    },
  ],
  [
    "the cancel of what an edit leaves",
    {
      before: async ({ take, finish, store, job, a, b }) => {
        await take(store, [a]);
        await take(store, [b]);
        const edited = await changeJob(store, job, editedJob(job, { handler: "other" }));
        await take(store, [await addRun(store, edited, { now: START + MINUTE, name: "kept" })]);
        await finish(store, a);
      },
      step: ({ other, job }) => {
        const keeping = { queue: "default", handler: "other" };
        return other.control.cancelOpen(job.tenantId, { jobUid: job.uid, reason: "job_edited", keeping, now: NOW, limit: 100 });
      },
      between: async () => {},
    },
  ],
  [
    "the second look at what waits, and the end of the run in progress",
    {
      third: true,
      before: async ({ take, store, a, b, c }) => [await take(store, [a]), await take(store, [b, c])],
      step: ({ other }) => other.dueRuns.wake({ shard: ALL_SLOTS, now: NOW + MINUTE, limit: 100 }),
      between: ({ finish, store, a }) => finish(store, a),
    },
  ],
];

async function setup({ overlap = "skip", third }: Interleaving): Promise<Scene> {
  const stores = twoStores();
  const { store } = stores;
  const job = await addJob(store, { definition: { overlap, expireAfterMs: DAY } });
  const add = (name: string, index: number) => addRun(store, job, { now: START + index * SECOND, name });
  const [a, b] = [await add("a", 0), await add("b", 1)];
  const c = third === true ? await add("c", 2) : b;
  const held = new Map<string, ClaimedRun>();
  let tokens = 0;
  return {
    ...stores,
    job,
    a,
    b,
    c,
    held,
    async take(own, runs, now = NOW) {
      const outcomes = await claim(own, runs, { token: `token-${(tokens += 1)}`, now });
      for (const outcome of outcomes) if (outcome.kind === "won") held.set(outcome.claim.run.runId, outcome.claim);
      expect(held.size).toBeLessThanOrEqual(1);
      return outcomes;
    },
    async finish(own, run, result = SUCCESS) {
      const claimed = held.get(run.runId);
      if (claimed === undefined) return; // Another caller won, or none did.
      held.delete(run.runId);
      expect((await settle(own, claimed, { result, now: NOW })).kind).not.toBe("stale");
    },
  };
}

/** Claims and ends all publishable runs. The clock does not move: a run that was not woken would wait. */
async function workOff({ store, held, take, finish }: Scene): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    for (const { run } of held.values()) await finish(store, run);
    const ready = await publishable(store);
    if (ready.length === 0) return;
    await take(store, ready);
  }
  throw new Error("there is no end to it");
}

test.each(CASES)("%s: no wake is lost between any two statements, and never are two in progress", async (_, interleaving) => {
  for (let [place, came] = [0, true]; came; place += 1) {
    const scene = await setup(interleaving);
    await interleaving.before?.(scene);
    scene.interruptAt(place, { when: "before", act: () => interleaving.between(scene) });
    await interleaving.step(scene);
    came = scene.goOn();
    await workOff(scene);
    const left = scene.rows().filter((row) => toSibling(row) !== null);
    expect({ place, left }).toEqual({ place, left: [] });
  }
});
