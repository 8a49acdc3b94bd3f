import { describe, expect, test } from "@jest/globals";
import {
  judgeOverlap,
  OVERLAP_BUFFER_MAX,
  OVERLAP_POLICIES,
  type ContendingRun,
  type OverlapPolicy,
  type OverlapSibling,
  waitingInTurn,
  waitMsAfter,
} from "./overlap.ts";

/** Runs by the second of their instant, which their ids sort by. */
const named = (second: number) => ({
  runId: String(second).padStart(6, "0"),
  scheduledFor: second * 1_000,
  queue: "default",
  handler: "http",
  overlap: "cancel_running" as OverlapPolicy,
});
const candidate = (overlap: OverlapPolicy, second: number, changes: Partial<ContendingRun> = {}): ContendingRun => ({
  ...named(second),
  overlap,
  started: false,
  ...changes,
});
const sibling = (standing: OverlapSibling["standing"], second: number, changes: Partial<OverlapSibling> = {}): OverlapSibling => ({
  ...named(second),
  standing,
  startedAt: standing === "running" ? second * 1_000 : null,
  started: standing === "running",
  ...changes,
});
const runningSince = (startedSecond: number, second = 1): OverlapSibling =>
  sibling("running", second, { startedAt: startedSecond * 1_000 });
const waiting = (second: number) => sibling("waiting", second);
const ready = (second: number) => sibling("ready", second);
const waitBehind = (behind: OverlapSibling) => ({ kind: "wait", behind, cancels: false, supersedes: [] });
const START = { kind: "start" };
const SKIP = { kind: "skip", reason: "overlap" };

const EXCLUSIVE = OVERLAP_POLICIES.filter((policy) => policy !== "allow");

describe("an instant that came while another run of the job was in progress", () => {
  const holder = runningSince(10);
  const full = Array.from({ length: OVERLAP_BUFFER_MAX }, (_, index) => waiting(100 + index));
  const cases: readonly [OverlapPolicy, string, readonly OverlapSibling[], unknown][] = [
    ["skip", "none waits", [holder], SKIP],
    ["skip", "another waits", [holder, waiting(15)], SKIP],
    ["buffer_one", "none waits", [holder], waitBehind(holder)],
    ["buffer_one", "an older one waits", [holder, waiting(15)], SKIP],
    ["buffer_one", "a newer one waits", [holder, waiting(900)], SKIP],
    ["buffer_one", "an older one is ready", [holder, ready(15)], SKIP],
    ["buffer_one", "a newer one is ready", [holder, ready(900)], waitBehind(holder)],
    ["buffer_all", "none waits", [holder], waitBehind(holder)],
    ["buffer_all", "one less than the limit waits", [holder, ...full.slice(1)], waitBehind(holder)],
    ["buffer_all", "as many wait as may", [holder, ...full], { kind: "skip", reason: "buffer_full" }],
    [
      "buffer_all",
      "with an older one that is ready the limit is reached",
      [holder, ...full.slice(1), ready(15)],
      { kind: "skip", reason: "buffer_full" },
    ],
    ["cancel_running", "none waits", [holder], { ...waitBehind(holder), cancels: true }],
    [
      "cancel_running",
      "an older one waits that came meanwhile",
      [holder, waiting(15)],
      { ...waitBehind(holder), cancels: true, supersedes: [waiting(15).runId] },
    ],
    [
      "cancel_running",
      "an older one waits that has been started, by a clock that was ahead",
      [holder, { ...waiting(15), started: true }],
      { ...waitBehind(holder), cancels: true },
    ],
    ["cancel_running", "an older one waits that is late", [holder, waiting(5)], { ...waitBehind(holder), cancels: true }],
    [
      "cancel_running",
      "older ones wait that were promised a start by another policy, before an edit",
      [holder, { ...waiting(14), overlap: "buffer_all" }, waiting(15), { ...waiting(16), overlap: "buffer_one" }],
      { ...waitBehind(holder), cancels: true, supersedes: [waiting(15).runId] },
    ],
    ["cancel_running", "an older one is ready", [holder, ready(15)], { ...waitBehind(holder), cancels: true }],
    ["cancel_running", "a newer one waits", [holder, waiting(900)], { ...waitBehind(holder), cancels: true }],
    ["allow", "none waits", [holder], START],
    ["allow", "many wait", [holder, ...full], START],
  ];
  test.each(cases)("%s, %s", (policy, _, siblings, verdict) => {
    expect(judgeOverlap(candidate(policy, 500), siblings)).toEqual(verdict);
    expect(judgeOverlap(candidate(policy, 500), siblings.toReversed())).toEqual(verdict);
  });

  test.each(EXCLUSIVE)("%s: a run that has been started waits, whatever its policy", (policy) => {
    expect(judgeOverlap(candidate(policy, 500, { started: true }), [holder, ...full])).toEqual(waitBehind(holder));
  });
});

describe.each(EXCLUSIVE)("late runs, under %s", (policy) => {
  test("with no other run of the job a run starts", () => {
    expect(judgeOverlap(candidate(policy, 5), [])).toEqual(START);
  });
  test("its own row does not count", () => {
    for (const standing of ["ready", "waiting"] as const) expect(judgeOverlap(candidate(policy, 5), [sibling(standing, 5)])).toEqual(START);
  });
  test("a run whose instant came before the other began waits for it, and cancels nothing", () => {
    expect(judgeOverlap(candidate(policy, 5), [runningSince(6), waiting(4)])).toEqual(waitBehind(runningSince(6)));
  });
  test("a run that began at the very instant was not in progress when the instant came", () => {
    expect(judgeOverlap(candidate(policy, 6), [runningSince(6)])).toEqual(waitBehind(runningSince(6)));
  });
  test("a newer run that began first is waited for", () => {
    expect(judgeOverlap(candidate(policy, 5), [runningSince(8, 7)])).toEqual(waitBehind(runningSince(8, 7)));
  });
  test("while none is in progress the oldest starts, and the others wait for it, whether it waits itself or is ready", () => {
    expect(judgeOverlap(candidate(policy, 5), [ready(6), waiting(7)])).toEqual(START);
    expect(judgeOverlap(candidate(policy, 5), [ready(4), waiting(3), waiting(7)])).toEqual(waitBehind(waiting(3)));
    expect(judgeOverlap(candidate(policy, 5), [waiting(4), ready(3)])).toEqual(waitBehind(ready(3)));
  });
  test("nothing waits for an older run of another queue or handler", () => {
    const others = [
      { ...ready(3), handler: "old" },
      { ...waiting(4), queue: "old" },
    ];
    expect(judgeOverlap(candidate(policy, 5), others)).toEqual(START);
  });
  test("but a run in progress is waited for, whatever its queue or handler", () => {
    const other = { ...runningSince(6), handler: "old", queue: "old" };
    expect(judgeOverlap(candidate(policy, 5), [other])).toEqual(waitBehind(other));
  });
});

describe("what waits and may go on once a run has ended", () => {
  const other = { handler: "old" };
  const turns = (contending: readonly OverlapSibling[], bad: readonly OverlapSibling[] = []) =>
    waitingInTurn(contending.toReversed(), ({ runId }) => bad.every((run) => run.runId !== runId));
  test("nothing while one is in progress", () => {
    expect(turns([runningSince(1), waiting(2)])).toEqual([]);
  });
  test("of each queue and handler the oldest, whatever is ready", () => {
    const old = sibling("waiting", 3, other);
    expect(turns([ready(1), waiting(2), old, waiting(4), sibling("waiting", 5, other)])).toEqual([waiting(2), old]);
  });
  test("the next where the oldest cannot be run", () => {
    expect(turns([waiting(2), waiting(4), waiting(5)], [waiting(2), waiting(5)])).toEqual([waiting(4)]);
    expect(turns([waiting(2)], [waiting(2)])).toEqual([]);
  });
});

test("nothing waits for runs that cannot be run, and the oldest that can goes first", () => {
  const others = [ready(2), waiting(3), ready(4), waiting(5)];
  const canBeRun =
    (bad: readonly string[]) =>
    ({ runId }: OverlapSibling) =>
      !bad.includes(runId);
  const judge = (bad: readonly OverlapSibling[]) => judgeOverlap(candidate("skip", 6), others, canBeRun(bad.map(({ runId }) => runId)));
  expect(judge(others.slice(0, 2))).toEqual(waitBehind(ready(4)));
  expect(judge(others)).toEqual(START);
});

test("a run that waits is looked at again after ten seconds, then at doubling intervals up to five minutes", () => {
  const waits = [waitMsAfter(null)];
  while (waits.length < 8) waits.push(waitMsAfter(waits.at(-1) ?? null));
  expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});
