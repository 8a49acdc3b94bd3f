import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  isNextBefore,
  judgeOverlap,
  OVERLAP_BUFFER_MAX,
  OVERLAP_POLICIES,
  type OverlapSibling,
  waitingInTurn,
} from "../../domain/overlap.ts";
import { createContendingRuns } from "./contending-runs.ts";
import { newOpenRun, type OpenRun } from "./open-run.ts";
import { siblingOf } from "./overlap-waits.ts";

const JOB = 1;

interface RunShape {
  readonly instant: number;
  readonly handler: "a" | "b";
  readonly overlap: (typeof OVERLAP_POLICIES)[number];
}

const idOf = (instant: number, key: number): string => `${String(instant).padStart(8, "0")}-${key}`;

function openRun({ instant, handler, overlap }: RunShape, key: number): OpenRun {
  const identity = { runKey: key, runId: idOf(instant, key), jobKey: JOB, definitionKey: 1, scheduledFor: instant };
  const traits = { traitsKey: 1, queue: "default", handler, expireAfterMs: null, overlap, onUncertain: "rerun" as const };
  return newOpenRun(identity, { traits, slot: 0, extra: null });
}

const STANDINGS = ["running", "ready", "published", "waiting", "unknown_handler", "retrying", "ended"] as const;
type Standing = (typeof STANDINGS)[number];

function stand(run: OpenRun, standing: Standing): void {
  run.mode =
    standing === "running" ? "none" : standing === "waiting" || standing === "unknown_handler" ? "deferred" : (standing as "ready");
  run.extra = standing === "waiting" ? { reason: "overlap" } : standing === "unknown_handler" ? { reason: "unknown_handler" } : null;
  if (standing === "running") run.startedAt = run.scheduledFor + 2;
}

const ofAll = (runs: readonly OpenRun[]): OverlapSibling[] =>
  runs
    .filter((run) => run.contends !== null)
    .sort((left, right) => (left.runId < right.runId ? -1 : 1))
    .map(siblingOf);

/** The definitions of these cannot be read. */
const canBeRun = ({ runKey }: Pick<OpenRun, "runKey">): boolean => runKey % 5 !== 0;
const siblingCanBeRun = ({ runId }: OverlapSibling): boolean => canBeRun({ runKey: Number(runId.split("-")[1]) });

const shape = fc.record({
  instant: fc.integer({ min: 0, max: 12 }),
  handler: fc.constantFrom("a" as const, "b" as const),
  overlap: fc.constantFrom(...OVERLAP_POLICIES),
});
const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...STANDINGS)), { maxLength: 60 });

test("a run is judged by a few of the others as it would be by all of them, however they stand", () => {
  fc.assert(
    fc.property(fc.array(shape, { minLength: 1, maxLength: 12 }), changes, (shapes, steps) => {
      const contending = createContendingRuns();
      const runs = shapes.map(openRun);
      for (const [pick, standing] of steps) {
        const run = runs[pick % runs.length] as OpenRun;
        stand(run, standing);
        if (standing === "ended") contending.drop(run);
        else contending.changed(run);
        const all = ofAll(runs);
        for (const candidate of runs.filter(({ contends }) => contends !== "running")) {
          const asked = siblingOf(candidate);
          const few = contending.beside(candidate, canBeRun).map(siblingOf);
          expect(judgeOverlap(asked, few, siblingCanBeRun)).toEqual(judgeOverlap(asked, all, siblingCanBeRun));
          if (candidate.contends === null) continue;
          const isNext = !all.some((other) => isNextBefore(other, asked) && siblingCanBeRun(other));
          expect(contending.before(candidate, canBeRun) === undefined).toBe(isNext);
        }
        const toWake = contending.toWake(JOB, canBeRun).map(siblingOf);
        expect(waitingInTurn(toWake, siblingCanBeRun)).toEqual(waitingInTurn(all, siblingCanBeRun));
      }
    }),
  );
});

test.each(OVERLAP_POLICIES.filter((policy) => policy !== "cancel_running"))(
  "of a backlog of 10,000 runs at most the buffer is looked at, and the one in progress: %s",
  (overlap) => {
    const contending = createContendingRuns();
    const [holder, ...waiting] = Array.from({ length: 10_000 }, (_, key) => openRun({ instant: key, handler: "a", overlap }, key));
    for (const run of waiting) {
      stand(run, "waiting");
      contending.changed(run);
    }
    stand(holder as OpenRun, "running");
    contending.changed(holder as OpenRun);
    for (const run of [waiting[0], waiting[5_000], waiting.at(-1)] as OpenRun[]) {
      expect(contending.beside(run, canBeRun).length).toBeLessThanOrEqual(1 + OVERLAP_BUFFER_MAX);
    }
  },
);

test("of a backlog under cancel_running only those are looked at whose instants came while the one in progress ran", () => {
  const contending = createContendingRuns();
  const runs = Array.from({ length: 10_000 }, (_, key) => openRun({ instant: key, handler: "a", overlap: "cancel_running" }, key));
  const [holder, ...waiting] = runs as [OpenRun, ...OpenRun[]];
  for (const run of waiting) {
    stand(run, "waiting");
    contending.changed(run);
  }
  stand(holder, "running");
  holder.startedAt = 9_990;
  contending.changed(holder);
  expect(contending.beside(runs.at(-1) as OpenRun, canBeRun).map(({ runId }) => runId)).toEqual(
    [holder, ...runs.slice(9_991, 9_999)].map(({ runId }) => runId),
  );
});
