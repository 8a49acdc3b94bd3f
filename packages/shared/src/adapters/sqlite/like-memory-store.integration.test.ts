import { expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClaimedRun, DueRun } from "../../domain/run/due-run.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import { OVERLAP_POLICIES } from "../../domain/policy/overlap.ts";
import type { Run } from "../../domain/run/run.ts";
import type { AttemptResult } from "../../domain/run/settlement.ts";
import { ALL_SLOTS } from "../../domain/slot.ts";
import type { Store } from "../../ports/store/store.ts";
import { addJob, changeJob, claim, FAILURE, pickRunIds, LEASE_MS, retryIn, SUCCESS } from "../../testing/contracts/store-steps.ts";
import { editedJob, MINUTE, SECOND, START } from "../../testing/factories.ts";
import { newDueRun, newManualFire } from "../../testing/factories-fire.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createMemoryStore } from "../../testing/memory-store/memory-store.ts";
import { sha256 } from "../system/digest.ts";
import { openSqliteStoreHere } from "./thread/thread-beside.test-support.ts";

jest.setTimeout(300_000);

const HANDLERS = ["a", "b"] as const;
const RESULTS: readonly AttemptResult[] = [SUCCESS, FAILURE, { kind: "cancelled" }, { kind: "released" }, retryIn(10 * SECOND)];

/** Two stores that receive the same calls, and what is known of their runs. */
interface World {
  readonly memory: Store;
  sqlite: Store;
  readonly reopen: () => Promise<Store>;
  now: Instant;
  readonly jobs: Job[];
  readonly runs: DueRun[];
  readonly held: ClaimedRun[];
  readonly settled: ClaimedRun[];
  count: number;
  published: boolean;
  restarted: boolean;
}

/** Calls both, and expects equal answers. */
async function ask<Answer>({ memory, sqlite }: World, question: (store: Store) => Promise<Answer>): Promise<Answer> {
  const [left, right] = [await question(memory), await question(sqlite)];
  expect(comparable(right)).toEqual(comparable(left));
  return left;
}

/** Leases differ between the stores. */
const comparable = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer ?? null, (key, value: unknown) => (key === "leaseMs" ? null : value)));

interface Step {
  readonly kind:
    | "fire"
    | "claim"
    | "settle"
    | "defer"
    | "resume"
    | "wake"
    | "publish"
    | "cancel"
    | "cancelOpen"
    | "close"
    | "edit"
    | "pass"
    | "restart"
    | "named"
    | "settleAgain";
  readonly pick: number;
  readonly more: number;
}

const at = <Item>(items: readonly Item[], pick: number): Item | undefined => items[pick % items.length];

const ACTS: Readonly<Record<Step["kind"], (world: World, step: Step) => Promise<unknown>>> = {
  async fire(world, { pick, more }) {
    const job = at(world.jobs, pick);
    if (job === undefined) return;
    world.count += 1;
    const instant = world.now - (more % 3) * SECOND;
    const fire = newManualFire(job, { at: instant, keys: [`key-${world.count}`] });
    const run = newDueRun(job, fire.entries[0]);
    const token = `fire-${world.count}`;
    const claimant = more % 2 === 0 ? { executor: "local", token, leaseMs: LEASE_MS } : null;
    const { outcomes } = await ask(world, (store) =>
      store.dueJobs.fire({ fires: [fire], now: world.now, claimant, claimed: claimant === null ? [] : [0] }),
    );
    const [outcome] = outcomes;
    if (outcome?.kind !== "won") throw new Error("the fire was lost");
    if (outcome.runs[0]?.claimed === true) world.held.push({ run, token, leaseMs: null, startedAt: world.now });
    world.runs.push(run);
  },
  async claim(world, { pick, more }) {
    world.count += 1;
    const token = `claim-${world.count}`;
    const open = await ask(world, async (store) => byId(await store.claims.read(pickRunIds(world.runs))));
    const chosen = open.filter((_, index) => (index + pick) % (1 + (more % 4)) === 0);
    const outcomes = await ask(world, (store) => claim(store, more % 2 === 0 ? chosen : chosen.toReversed(), { token, now: world.now }));
    for (const outcome of outcomes) if (outcome.kind === "won") world.held.push(outcome.claim);
  },
  async settle(world, { pick, more }) {
    const held = at(world.held, pick);
    if (held === undefined) return;
    world.settled.push(...world.held.splice(world.held.indexOf(held), 1));
    const settlement = { runId: held.run.runId, token: held.token, result: at(RESULTS, more) as AttemptResult, finishedAt: world.now };
    await ask(world, (store) => store.claims.settle({ settlements: [settlement], now: world.now }));
  },
  // As an executor that has not received the first answer, or a report that contradicts an earlier one.
  async settleAgain(world, { pick, more }) {
    const held = at(world.settled, pick);
    if (held === undefined) return;
    const settlement = { runId: held.run.runId, token: held.token, result: at(RESULTS, more) as AttemptResult, finishedAt: world.now };
    await ask(world, (store) => store.claims.settle({ settlements: [settlement, settlement], now: world.now }));
  },
  // A run with a definition of its own, which differs in all fields that the row of its job repeats.
  async named(world, { pick, more }) {
    const job = at(world.jobs, pick);
    if (job === undefined) return;
    world.count += 1;
    const overlap = at(OVERLAP_POLICIES, more) ?? "skip";
    const definition = { ...job.definition, params: { more }, handler: at(HANDLERS, more) ?? "a", priority: more % 10, overlap };
    const definitionHash = await ask(world, (store) => store.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition }));
    const fire = newManualFire(job, { at: world.now, keys: [`key-${world.count}`] });
    const entries = fire.entries.map((entry) => ({ ...entry, definitionHash }));
    const token = `fire-${world.count}`;
    const claimant = more % 2 === 0 ? { executor: "local", token, leaseMs: LEASE_MS } : null;
    const request = { fires: [{ ...fire, entries }], now: world.now, claimant, claimed: claimant === null ? [] : [0] };
    const { outcomes } = await ask(world, (store) => store.dueJobs.fire(request));
    const run = newDueRun({ ...job, definition, definitionHash }, entries[0]);
    const [outcome] = outcomes;
    if (outcome?.kind === "won" && outcome.runs[0]?.claimed === true) world.held.push({ run, token, leaseMs: null, startedAt: world.now });
    world.runs.push(run);
  },
  async defer(world, { pick }) {
    const [run] = await ask(world, (store) => store.claims.read([at(world.runs, pick)?.runId ?? ""]));
    if (run === undefined) return;
    const deferral = { runId: run.runId, attempt: run.attempt, reason: "unknown_handler", wakeAt: null } as const;
    await ask(world, (store) => store.claims.defer({ deferrals: [deferral] }));
  },
  resume: (world, { pick }) =>
    ask(world, (store) =>
      store.deferred.resume({ shard: ALL_SLOTS, queue: "default", handlers: [at(HANDLERS, pick) ?? ""], after: null, limit: 100 }),
    ),
  wake: (world) => ask(world, (store) => store.dueRuns.wake({ shard: ALL_SLOTS, now: world.now, limit: 100 })),
  // Only one process knows that a run was published, and when it was deferred. So there is no restart after it.
  async publish(world, { pick }) {
    const runs = await ask(world, (store) => store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 1 + (pick % 3) }));
    if (runs.length > 0) world.published = true;
    const publishedAt = world.restarted ? undefined : world.now - (pick % 2);
    const published = runs.map(({ runId, attempt }) => ({ runId, attempt, publishedAt }));
    await ask(world, (store) => store.dueRuns.published({ runs: published, now: world.now, repeatMs: SECOND, repeatMsMax: MINUTE }));
    await ask(world, (store) => store.dueRuns.unclaimed(ALL_SLOTS));
  },
  async cancel(world, { pick }) {
    const run = at(world.runs, pick);
    if (run !== undefined) await ask(world, (store) => store.control.cancel(run.tenantId, { runId: run.runId, now: world.now }));
  },
  async cancelOpen(world, { pick, more }) {
    const job = at(world.jobs, pick);
    if (job === undefined) return;
    const { queue, handler } = job.definition;
    const edited = { reason: "job_edited", keeping: { queue, handler } } as const;
    const request = { jobUid: job.uid, ...(more % 3 === 0 ? {} : edited), now: world.now, limit: 1 + (more % 2) };
    await ask(world, (store) => store.control.cancelOpen(job.tenantId, request));
  },
  close: (world) =>
    ask(world, (store) => store.dueRuns.closeWaiting({ shard: ALL_SLOTS, dueBefore: world.now - MINUTE, now: world.now, limit: 1 })),
  async edit(world, { pick, more }) {
    const job = at(world.jobs, pick);
    if (job === undefined) return;
    const expireAfterMs = at([null, MINUTE], pick) ?? null;
    const [overlap, handler] = [at(OVERLAP_POLICIES, more) ?? "skip", at(HANDLERS, pick + more) ?? "a"];
    const changes = { overlap, handler, expireAfterMs, priority: at([0, 4, 6, 9], pick + more) ?? 0 };
    const edited = editedJob(job, changes);
    world.jobs[world.jobs.indexOf(job)] = await ask(world, (store) => changeJob(store, job, edited));
  },
  async pass(world, { more }) {
    world.now += more * 20;
  },
  // A running attempt has lost its lease only in the store that was restarted.
  async restart(world) {
    if (world.held.length > 0 || world.published) return;
    world.restarted = true;
    await world.sqlite.close();
    world.sqlite = await world.reopen();
  },
};

const byId = <Run extends { readonly runId: string }>(runs: readonly Run[]): Run[] =>
  runs.toSorted((left, right) => (left.runId < right.runId ? -1 : 1));

/** Only one process knows when it is published again; its row does not show it. */
const withoutRepeat = (run: Run): Run => (run.state === "due" && run.reason === null ? { ...run, wakeAt: null } : run);

/** All that readers see of the runs. */
async function expectSame(world: World): Promise<void> {
  await ask(world, async (store) => {
    const { items, ...page } = await store.runs.list("default", { limit: 200, cursor: null });
    return { ...page, items: items.map((run) => (world.published ? withoutRepeat(run) : run)) };
  });
  await ask(world, async (store) => pickRunIds(byId(await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 200 }))));
  await ask(world, async (store) =>
    pickRunIds(byId(await store.announcements.unannounced({ shard: ALL_SLOTS, endedBefore: Number.MAX_SAFE_INTEGER, limit: 200 }))),
  );
}

async function setup(dir: string, name: string): Promise<World> {
  const clock = manualClock(START);
  const reopen = () => openSqliteStoreHere({ file: join(dir, `${name}.db`), digest: sha256, clock });
  const world: World = {
    memory: createMemoryStore({ clock, digest: sha256 }),
    sqlite: await reopen(),
    reopen,
    now: START,
    jobs: [],
    runs: [],
    held: [],
    settled: [],
    count: 0,
    published: false,
    restarted: false,
  };
  for (const id of ["one", "two"]) world.jobs.push(await ask(world, (store) => addJob(store, { id, definition: { handler: "a" } })));
  return world;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("fire" as const, "claim" as const) },
    { weight: 3, arbitrary: fc.constantFrom("settle" as const, "pass" as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "defer" as const,
        "resume" as const,
        "wake" as const,
        "cancel" as const,
        "edit" as const,
        "publish" as const,
      ),
    },
    { weight: 2, arbitrary: fc.constantFrom("named" as const, "settleAgain" as const) },
    { weight: 1, arbitrary: fc.constantFrom("cancelOpen" as const, "close" as const, "restart" as const) },
  ),
  pick: fc.nat(1_000),
  more: fc.nat(1_000),
});

test("whatever is asked of it in whatever order, it answers as the memory store does, also after restarts", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tickline-store-"));
  let worlds = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 60 }), async (steps) => {
      const world = await setup(dir, `store-${(worlds += 1)}`);
      try {
        for (const step of steps) await ACTS[step.kind](world, step);
        await expectSame(world);
      } finally {
        await world.sqlite.close();
      }
    }),
    { numRuns: Number(process.env["FC_RUNS"] ?? 60) },
  );
  rmSync(dir, { recursive: true, force: true });
});
