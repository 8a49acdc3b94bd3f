import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { judgeOverlap, OVERLAP_BUFFER_MAX, OVERLAP_POLICIES, type OverlapPolicy, type OverlapSibling, waitingInTurn } from "./overlap.ts";

type State = "ready" | "waiting" | "running" | "retrying" | "ended" | "skipped";

/** A run of the one job of the model. Those under `allow` do not contend. */
interface ModelRun {
  readonly runId: string;
  readonly scheduledFor: number;
  readonly queue: string;
  readonly handler: string;
  readonly overlap: OverlapPolicy;
  state: State;
  startedAt: number | null;
  started: boolean;
  cancelRequested: boolean;
}

/** When runs of the job were in progress; `to` null: still. */
interface Stretch {
  readonly runId: string;
  readonly from: number;
  to: number | null;
}

interface World {
  now: number;
  overlap: OverlapPolicy;
  handler: string;
  readonly runs: ModelRun[];
  readonly stretches: Stretch[];
}

const contends = ({ overlap, state }: ModelRun): boolean =>
  overlap !== "allow" && (state === "ready" || state === "waiting" || state === "running");
const siblings = ({ runs }: World): OverlapSibling[] =>
  runs.filter(contends).map(({ state, ...run }) => ({ ...run, standing: state as OverlapSibling["standing"] }));

/** What a store does with a verdict; what it must not do is expected beside it. */
function claim(world: World, run: ModelRun): void {
  if (run.cancelRequested) return;
  const verdict = judgeOverlap(run, siblings(world));
  switch (verdict.kind) {
    case "start":
      return start(world, run);
    case "skip":
      if (verdict.reason === "buffer_full") {
        expect(run.overlap).toBe("buffer_all");
        expect(world.runs.filter((other) => other !== run && contends(other)).length).toBeGreaterThan(OVERLAP_BUFFER_MAX);
      }
      return skip(world, run);
    case "wait": {
      const behind = world.runs.find(({ runId }) => runId === verdict.behind.runId) as ModelRun;
      if (behind.state === "waiting") behind.state = "ready";
      if (verdict.cancels) {
        expect([run.overlap, behind.state]).toEqual(["cancel_running", "running"]);
        behind.cancelRequested = true;
      }
      run.state = "waiting";
      for (const runId of verdict.supersedes) skip(world, world.runs.find((other) => other.runId === runId) as ModelRun);
    }
  }
}

function start(world: World, run: ModelRun): void {
  const { queue, handler, runId } = run;
  if (run.overlap !== "allow") {
    const before = world.runs.filter(
      (other) => contends(other) && other.queue === queue && other.handler === handler && other.runId < runId,
    );
    expect(before).toEqual([]);
  }
  Object.assign(run, { state: "running", startedAt: world.now, started: true });
  if (run.overlap !== "allow") world.stretches.push({ runId, from: world.now, to: null });
}

function skip({ stretches }: World, run: ModelRun): void {
  expect(run.started).toBe(false);
  const inProgress = stretches.filter(({ from, to }) => from < run.scheduledFor && (to === null || to >= run.scheduledFor));
  expect(inProgress).not.toEqual([]);
  run.state = "skipped";
}

/** The run contends no more, or in another way, and the oldest that waits is ready. */
function leave(world: World, run: ModelRun, state: "ended" | "retrying" | "ready"): void {
  const stretch = world.stretches.find(({ runId, to }) => runId === run.runId && to === null);
  if (stretch !== undefined) stretch.to = world.now;
  run.state = run.cancelRequested ? "ended" : state;
  for (const { runId } of waitingInTurn(siblings(world), () => true)) world.runs.find((other) => other.runId === runId)!.state = "ready";
}

function expectSound({ runs }: World): void {
  const contending = runs.filter(contends);
  expect(contending.filter(({ state }) => state === "running").length).toBeLessThanOrEqual(1);
  // Each waiting run has one before it that ends some time, and wakes it.
  for (const { queue, handler } of contending.filter(({ state }) => state === "waiting")) {
    const isBeforeIt = (run: ModelRun) =>
      run.state === "running" || (run.state === "ready" && run.queue === queue && run.handler === handler);
    expect(contending.filter(isBeforeIt)).not.toEqual([]);
  }
}

/** One step; `pick` chooses among the runs it could be done to. */
interface Step {
  readonly kind: "fire" | "claim" | "end" | "retry" | "comeDue" | "release" | "cancel" | "edit" | "pass" | "setBack";
  readonly pick: number;
  readonly ms: number;
  readonly overlap: OverlapPolicy;
}

const ACTS: Readonly<Record<Step["kind"], (world: World, step: Step) => void>> = {
  fire({ runs, ...world }, { ms }) {
    const scheduledFor = world.now - ms;
    const runId = `${String(scheduledFor).padStart(12, "0")}-${String(runs.length).padStart(4, "0")}`;
    const { handler, overlap } = world;
    runs.push({
      runId,
      scheduledFor,
      queue: "q",
      handler,
      overlap,
      state: "ready",
      startedAt: null,
      started: false,
      cancelRequested: false,
    });
  },
  claim: onOne(["ready", "waiting"], claim),
  end: onOne(["running"], (world, run) => leave(world, run, "ended")),
  retry: onOne(["running"], (world, run) => leave(world, run, "retrying")),
  comeDue: onOne(["retrying"], (_, run) => (run.state = "ready")),
  release: onOne(["running"], (world, run) => leave(world, run, "ready")),
  cancel: onOne(["ready", "waiting", "retrying", "running"], (world, run) => {
    if (run.state === "running") run.cancelRequested = true;
    else leave(world, run, "ended");
  }),
  edit(world, { pick, overlap }) {
    world.overlap = overlap;
    world.handler = pick % 2 === 0 ? "a" : "b";
  },
  pass: (world, { ms }) => void (world.now += ms),
  setBack: (world, { ms }) => void (world.now -= ms),
};

function onOne(states: readonly State[], act: (world: World, run: ModelRun) => void): (world: World, step: Step) => void {
  return (world, { pick }) => {
    const runs = world.runs.filter(({ state }) => states.includes(state));
    const run = runs[pick % runs.length];
    if (run !== undefined) act(world, run);
  };
}

/** Claims what is ready, ends what runs, until nothing is left: the wakes alone make each run start. */
function drain(world: World, picks: readonly number[]): void {
  const open = (): boolean => world.runs.some(({ state }) => state !== "ended" && state !== "skipped");
  for (let round = 0; open(); round += 1) {
    expect(round).toBeLessThan(20 * world.runs.length);
    world.now += 1;
    const step = { kind: "claim", pick: picks[round % picks.length] ?? 0, ms: 0, overlap: "skip" } as const;
    const ready = world.runs.filter(({ state }) => state === "ready");
    if (ready.length > 0) for (const run of rotated(ready, step.pick)) if (run.state === "ready") claim(world, run);
    expectSound(world);
    ACTS.end(world, step);
    ACTS.comeDue(world, step);
    expectSound(world);
  }
}

const rotated = <Item>(items: readonly Item[], by: number): Item[] => {
  const place = by % items.length;
  return [...items.slice(place), ...items.slice(0, place)];
};

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant("fire" as const) },
    { weight: 8, arbitrary: fc.constant("claim" as const) },
    { weight: 3, arbitrary: fc.constant("end" as const) },
    { weight: 3, arbitrary: fc.constant("pass" as const) },
    { weight: 4, arbitrary: fc.constantFrom("retry" as const, "comeDue" as const, "release" as const, "cancel" as const) },
    { weight: 2, arbitrary: fc.constantFrom("edit" as const, "setBack" as const) },
  ),
  pick: fc.nat(1_000),
  ms: fc.nat(3),
  overlap: fc.constantFrom(...OVERLAP_POLICIES),
});

const step = (kind: Step["kind"], { pick = 0, ms = 0 } = {}): Step => ({ kind, pick, ms, overlap: "cancel_running" });

/** A run starts, and waits for its retry while the clock is set back; another starts then, before the first one's instant; a third cancels it. */
const STARTED_BY_A_CLOCK_AHEAD: Step[] = [
  step("fire"),
  step("claim"),
  step("retry"),
  step("setBack", { ms: 3 }),
  step("fire"),
  step("claim"),
  step("comeDue"),
  step("claim"),
  step("pass", { ms: 3 }),
  step("pass", { ms: 3 }),
  step("fire"),
  step("claim", { pick: 1 }),
];

test("whatever comes in whatever order, by a clock that may be set back: one run at a time, none skipped without cause, in the order of their instants, and all end", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...OVERLAP_POLICIES),
      fc.array(anyStep, { minLength: 20, maxLength: 120 }),
      fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }),
      (overlap, steps, picks) => {
        const world: World = { now: 1_000, overlap, handler: "a", runs: [], stretches: [] };
        for (const step of steps) {
          ACTS[step.kind](world, step);
          expectSound(world);
        }
        drain(world, picks);
      },
    ),
    { numRuns: 1_000, examples: [["cancel_running", STARTED_BY_A_CLOCK_AHEAD, [0]]] },
  );
});
