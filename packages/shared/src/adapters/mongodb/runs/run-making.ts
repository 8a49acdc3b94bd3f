import type { RunState } from "../../../domain/run-state.ts";
import type { Reason } from "../../../domain/reason.ts";
import { inHalves } from "../../../runtime/in-halves.ts";
import type { StoreContext } from "../context.ts";
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
 * others those that a majority has. One that the server refuses keeps no other from being made. Sorted, so that two who insert the same never wait for each other in a circle.
 */
export async function makeRuns(
  context: Pick<StoreContext, "rows" | "onUnreadable">,
  wanted: readonly RunRow[],
): Promise<Map<string, MadeRun>> {
  const { rows } = context;
  const firsts = new Map(wanted.toReversed().map((row) => [row._id, row])); // Of two fires of one identity the earlier makes the run.
  const sorted = [...firsts.values()].sort((left, right) => (left._id < right._id ? -1 : 1));
  const { present, refused } = await insertAll(context, sorted);
  const made = new Map<string, MadeRun>();
  for (const row of sorted) if (!present.has(row._id) && !refused.has(row._id)) made.set(row._id, madeOf(row, true));
  if (present.size === 0) return made;
  const standing = await rows.runs.find({ _id: { $in: [...present] } }, { fields: ["state", "reason", "changedBy"] });
  for (const row of standing) made.set(row._id, madeOf(row, false));
  return made;
}

/** `present`: those whose ids are taken. `refused`: those that the server takes from nobody, each by itself. */
async function insertAll({ rows, onUnreadable }: Pick<StoreContext, "rows" | "onUnreadable">, wanted: readonly RunRow[]) {
  const present = new Set<string>();
  const refused = await inHalves(wanted, async (some) => {
    for (const index of await rows.runs.insert(some)) present.add(some[index]?._id ?? "");
  });
  for (const { item, fault } of refused)
    onUnreadable({ kind: "run", id: item._id, reason: `the server does not take it: ${fault.message}` });
  return { present, refused: new Set(refused.map(({ item }) => item._id)) };
}

const madeOf = ({ state, reason, changedBy }: RunRow, fresh: boolean): MadeRun => ({
  state,
  reason: reason ?? null,
  fresh,
  changedBy: changedBy ?? null,
});
