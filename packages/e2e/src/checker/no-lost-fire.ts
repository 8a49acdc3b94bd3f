import type { Effect } from "../recorder/effect.ts";
import type { JobEvidence } from "./evidence.ts";
import { show, violation, type Plan, type RunRow, type Violation } from "./history.ts";
import { listInstants } from "./grid.ts";
import type { Expectation } from "./timeline.ts";

/** A run whose executors disappeared this often is failed by design; it then need not have reached its target. */
const RESCUES_MAX = 5;

/** I1: every nominal instant up to the horizon is a run that had its effect, or stands on record with a reason that holds. */
export function lostFires(job: JobEvidence, { horizonAt, effects }: LostFireContext): Violation[] {
  const rows = rowsByInstant(job);
  return job.timeline.instantsUntil(horizonAt).flatMap((instant) => {
    const expected = job.timeline.expectAt(instant);
    const row = rows.get(instant);
    const where = `${job.jobId} at ${show(instant)}`;
    if (row === undefined) {
      if (expected.skippedByPause) return [violation("I1", `${where}: the pause left it out, and no record says so`)];
      return expected.fires === "must" ? [violation("I1", `${where}: lost, there is no run and no record of why`)] : [];
    }
    return accountFaults({ row, expected, effects: effects.get(row.id) ?? [], deletedLater: isDeletedAfter(job, instant) }).map((fault) =>
      violation("I1", `${where}: run ${row.id} is ${row.state}${row.reason === null ? "" : ` (${row.reason})`}, ${fault}`),
    );
  });
}

/** I1: a record that stands for several instants says how many. */
export const miscountedRanges = ({ jobId, scheduledRows, plansByMark }: JobEvidence): Violation[] =>
  scheduledRows.flatMap(({ id, count, scheduledFor, scheduledForLast }) => {
    if (count === 1 && scheduledForLast === null) return [];
    const bounds = { from: scheduledFor, to: scheduledForLast ?? scheduledFor };
    const counts = [...plansByMark.values()].map(({ grid }) => listInstants(grid, bounds).length);
    const where = `${jobId} at ${show(scheduledFor)}`;
    return counts.includes(count)
      ? []
      : [violation("I1", `${where}: ${id} counts ${count} instants, and there were ${counts.join(" or ")}`)];
  });

interface LostFireContext {
  readonly horizonAt: number;
  readonly effects: ReadonlyMap<string, readonly Effect[]>;
}

/** The row that accounts for each instant; of a range, each of its instants by the grid. */
function rowsByInstant({ scheduledRows, plansByMark }: JobEvidence): Map<number, RunRow> {
  const grids = [...plansByMark.values()].map(({ grid }) => grid);
  const rows = new Map<number, RunRow>();
  for (const row of scheduledRows) {
    const { scheduledFor, scheduledForLast } = row;
    rows.set(scheduledFor, row);
    if (scheduledForLast === null) continue;
    for (const instant of grids.flatMap((grid) => listInstants(grid, { from: scheduledFor, to: scheduledForLast }))) rows.set(instant, row);
  }
  return rows;
}

interface Account {
  readonly row: RunRow;
  readonly expected: Expectation;
  readonly effects: readonly Effect[];
  readonly deletedLater: boolean;
}

/** What does not hold in the account that a row gives of an instant. */
function accountFaults({ row, expected, effects, deletedLater }: Account): string[] {
  switch (row.state) {
    case "succeeded":
      return effects.length > 0 ? [] : ["but its target was never called"];
    case "failed":
      return effects.length > 0 || row.attempt > RESCUES_MAX ? [] : ["but its target was never called"];
    case "skipped":
      return skipFaults({ row, expected, effects, deletedLater });
    case "missed":
      return ["though nothing was ever down for as long as that takes"];
    case "cancelled":
      return deletedLater || expected.plans.some(({ overlap }) => overlap === "cancel_running") ? [] : ["though no request asked for it"];
    case "lost":
      return expected.plans.some(({ onUncertain }) => onUncertain === "skip") ? [] : ["though its job wants uncertain attempts run again"];
    default:
      return []; // Still open: I10 speaks of those.
  }
}

function skipFaults({ row, expected, effects }: Account): string[] {
  if (effects.length > 0) return ["but its target was called"];
  if (row.reason === "overlap")
    return expected.plans.some(({ overlap }) => MAY_SKIP.includes(overlap)) ? [] : ["though its job allows overlap"];
  if (row.reason === "paused") return expected.fires === "must" ? ["though the job was active for certain"] : [];
  return ["for a reason that nothing here can give"];
}

/** Policies under which an instant may be closed because another run of the job was in progress when it came. */
const MAY_SKIP: readonly Plan["overlap"][] = ["skip", "buffer_one", "cancel_running"];

const isDeletedAfter = ({ writes }: JobEvidence, instant: number): boolean =>
  writes.some((write) => write.kind === "delete" && write.to >= instant);
