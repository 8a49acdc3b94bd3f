import type { RunState } from "../../domain/run-state.ts";
import type { Reason } from "../../domain/reason.ts";
import type { StoreContext } from "./context.ts";
import type { RunRow } from "./run-row.ts";

export interface MadeRun {
  readonly state: RunState;
  readonly reason: Reason | null;
  /** True: it was not there before these very rows were inserted. */
  readonly fresh: boolean;
  /** Of the fire whose run it is, whoever inserted it; of whoever changed it since, where that was noted. */
  readonly changedBy: string | null;
}

/**
 * Inserts runs, duplicates ignored, and answers by id with those now known to exist: the ones inserted, and of the
 * others those that a majority has. Sorted, so that two who insert the same never wait for each other in a circle.
 */
export async function makeRuns({ rows }: Pick<StoreContext, "rows">, wanted: readonly RunRow[]): Promise<Map<string, MadeRun>> {
  const firsts = new Map(wanted.toReversed().map((row) => [row._id, row])); // Of two fires of one identity the earlier makes the run.
  const sorted = [...firsts.values()].sort((left, right) => (left._id < right._id ? -1 : 1));
  const present = new Set((await rows.runs.insert(sorted)).map((index) => sorted[index]?._id ?? ""));
  const made = new Map<string, MadeRun>();
  for (const row of sorted) if (!present.has(row._id)) made.set(row._id, madeOf(row, true));
  if (present.size === 0) return made;
  const standing = await rows.runs.find({ _id: { $in: [...present] } }, { fields: ["state", "reason", "changedBy"] });
  for (const row of standing) made.set(row._id, madeOf(row, false));
  return made;
}

const madeOf = ({ state, reason, changedBy }: RunRow, fresh: boolean): MadeRun => ({
  state,
  reason: reason ?? null,
  fresh,
  changedBy: changedBy ?? null,
});
