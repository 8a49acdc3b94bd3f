import { OVERLAP_BUFFER_MAX } from "../../domain/overlap.ts";
import type { OpenRun } from "./open-run.ts";
import { createSortedRuns, type SortedRuns } from "./sorted-runs.ts";

/** Of a run what says which others of its job matter to it. */
export type Contender = Pick<OpenRun, "runId" | "jobKey" | "traits">;

/** False of a run that nobody can run as it is stored: none waits for it. */
export type CanBeRun = (run: OpenRun) => boolean;

/** The contending runs of one job that has several, so kept that whatever their number a few are looked at. */
export interface JobContest {
  add(run: OpenRun): void;
  drop(run: OpenRun): void;
  readonly isEmpty: boolean;
  /** As many of the others as `judgeOverlap` can need to decide as it would from all of them. */
  beside(run: Contender, canBeRun: CanBeRun): readonly OpenRun[];
  /** As many as `waitingInTurn` can need. */
  toWake(canBeRun: CanBeRun): readonly OpenRun[];
  /** The oldest of its queue and handler that is ready or waits, and goes before this one. */
  before(run: Contender, canBeRun: CanBeRun): OpenRun | undefined;
}

/** Runs that are due, of one queue and handler: there the order holds. A job has one of these, and others after edits. */
interface Lane extends Pick<OpenRun["traits"], "queue" | "handler"> {
  readonly ready: SortedRuns;
  readonly waiting: SortedRuns;
}

export function createJobContest(): JobContest {
  const running = createSortedRuns();
  const lanes: Lane[] = [];

  const laneOf = ({ traits: { queue, handler } }: Contender): Lane | undefined =>
    lanes.find((lane) => lane.queue === queue && lane.handler === handler);

  function newLane({ traits: { queue, handler } }: Contender): Lane {
    const lane: Lane = { queue, handler, ready: createSortedRuns(), waiting: createSortedRuns() };
    lanes.push(lane);
    return lane;
  }
  function before(run: Contender, canBeRun: CanBeRun): OpenRun | undefined {
    const lane = laneOf(run);
    return lane === undefined ? undefined : earliest(firstBefore(lane.ready, run, canBeRun), firstBefore(lane.waiting, run, canBeRun));
  }
  return {
    add(run) {
      if (run.contends === "running") running.add(run);
      else if (run.contends !== null) (laneOf(run) ?? newLane(run))[run.contends].add(run);
    },
    drop(run) {
      if (run.contends === "running") running.drop(run);
      const lane = laneOf(run);
      if (lane === undefined || run.contends === "running" || run.contends === null) return;
      lane[run.contends].drop(run);
      if (lane.ready.first === undefined && lane.waiting.first === undefined) lanes.splice(lanes.indexOf(lane), 1);
    },
    get isEmpty() {
      return running.first === undefined && lanes.length === 0;
    },
    beside(run, canBeRun) {
      const [holder] = take(running.ascending(), 1, (other) => other.runId !== run.runId);
      if (holder !== undefined) return [holder, ...besideHolder(lanes, run, holder)];
      const first = before(run, canBeRun);
      return first === undefined ? [] : [first];
    },
    toWake(canBeRun) {
      if (running.first !== undefined) return [running.first];
      return lanes.flatMap(({ waiting }) => take(waiting.ascending(), 1, canBeRun));
    },
    before,
  };
}

/** Mostly the first of them can be run. */
function firstBefore(runs: SortedRuns, { runId }: Contender, canBeRun: CanBeRun): OpenRun | undefined {
  for (const other of runs.ascending()) {
    if (other.runId >= runId) return undefined;
    if (canBeRun(other)) return other;
  }
  return undefined;
}

/** What a policy asks about the others that are due, while one is in progress. */
function besideHolder(lanes: readonly Lane[], run: Contender, holder: OpenRun): readonly OpenRun[] {
  switch (run.traits.overlap) {
    case "buffer_one":
    case "buffer_all":
      return take(goingBefore(lanes, run), OVERLAP_BUFFER_MAX, (other) => other.runId !== run.runId);
    case "cancel_running":
      return supersedable(lanes, run, holder);
    case "allow":
    case "skip":
      return [];
    default: // Of a newer version.
      return [];
  }
}

/** Those that wait for another, and of those that are ready the older ones. */
function* goingBefore(lanes: readonly Lane[], { runId }: Contender): Generator<OpenRun> {
  for (const { waiting } of lanes) yield* waiting.ascending();
  for (const { ready } of lanes) {
    for (const other of ready.ascending()) {
      if (other.runId >= runId) break;
      yield other;
    }
  }
}

/** Older ones that wait, whose instants came while the holder was in progress. Whoever asks closes them, so those of this policy are met once. */
function supersedable(lanes: readonly Lane[], { runId }: Contender, { startedAt }: OpenRun): readonly OpenRun[] {
  const found: OpenRun[] = [];
  for (const { waiting } of lanes) {
    for (const other of waiting.descendingBelow(runId)) {
      if (startedAt === null || other.scheduledFor <= startedAt) break;
      found.push(other);
    }
  }
  return found.sort((left, right) => (left.runId < right.runId ? -1 : 1));
}

const earliest = (left: OpenRun | undefined, right: OpenRun | undefined): OpenRun | undefined =>
  left === undefined || (right !== undefined && right.runId < left.runId) ? right : left;

function take<Item>(items: Iterable<Item>, limit: number, isWanted: (item: Item) => boolean): Item[] {
  const taken: Item[] = [];
  for (const item of items) if (isWanted(item) && taken.push(item) >= limit) break;
  return taken;
}
