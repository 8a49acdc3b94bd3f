import type { RunState } from "../../domain/run-state.ts";
import type { Reason } from "../../domain/reason.ts";
import type { StoreContext } from "./context.ts";
import type { RunRow } from "./run-row.ts";

export interface MadeRun {
  readonly state: RunState;
  readonly reason: Reason | null;
  /** False: an earlier fire of the same identity made it. */
  readonly fresh: boolean;
}

/**
 * Inserts runs, duplicates ignored, and answers by id with those now known to exist: the ones inserted, and of the
 * others those that a majority has. Sorted, so that two who insert the same never wait for each other in a circle.
 */
export async function makeRuns({ rows }: Pick<StoreContext, "rows">, wanted: readonly RunRow[]): Promise<Map<string, MadeRun>> {
  const sorted = [...new Map(wanted.map((row) => [row._id, row])).values()].sort((left, right) => (left._id < right._id ? -1 : 1));
  const present = new Set((await rows.runs.insert(sorted)).map((index) => sorted[index]?._id ?? ""));
  const made = new Map<string, MadeRun>();
  for (const { _id, state, reason } of sorted) if (!present.has(_id)) made.set(_id, { state, reason: reason ?? null, fresh: true });
  if (present.size === 0) return made;
  const standing = await rows.runs.find({ _id: { $in: [...present] } }, { fields: ["state", "reason"] });
  for (const { _id, state, reason } of standing) made.set(_id, { state, reason: reason ?? null, fresh: false });
  return made;
}
