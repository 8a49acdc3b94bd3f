import type { RunState } from "../../../domain/run/run-state.ts";
import type { Reason } from "../../../domain/run/reason.ts";
import { inHalves } from "../../../runtime/batch/in-halves.ts";
import { inOrder, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import type { RunRow } from "./run-row.ts";

export interface MadeRun {
  readonly state: RunState;
  readonly reason: Reason | null;
  /** True: it did not exist before these rows were inserted. */
  readonly fresh: boolean;
  /** The token of the fire whose run it is, whichever process inserted it; or of the batch that changed it since, if that was recorded. */
  readonly changedBy: string | null;
}

/**
 * Inserts runs, duplicates ignored, and answers by id with those now known to exist: the ones inserted, and of the
 * others those that a majority has. A run that the server refuses does not keep others from being made. In the order of their ids, so that two
 * processes that insert the same runs never deadlock.
 */
export async function makeRuns(
  { rows: { runs }, onUnreadable }: Pick<StoreContext, "rows" | "onUnreadable">,
  wanted: readonly RunRow[],
): Promise<Map<string, MadeRun>> {
  const made = new Map(wanted.toReversed().map((row) => [row._id, row])); // Of two fires of one identity the earlier makes the run.
  const present = new Set<string>();
  const refused = await inHalves(inOrder(made.values()), async (some) => {
    for (const index of await runs.insert(some)) present.add(some[index]?._id ?? "");
  });
  for (const { item, fault } of refused) {
    made.delete(item._id);
    onUnreadable({ kind: "run", id: item._id, reason: `the server does not take it: ${fault.message}` });
  }
  for (const runId of present) made.delete(runId);
  const others = await runs.find(withIds(present), { fields: ["state", "reason", "changedBy"] });
  const fresh = [...made.values()].map((row) => [row._id, toMade(row, true)] as const);
  return new Map([...fresh, ...others.map((row) => [row._id, toMade(row, false)] as const)]);
}

const toMade = ({ state, reason, changedBy }: RunRow, fresh: boolean): MadeRun => ({
  state,
  reason: reason ?? null,
  fresh,
  changedBy: changedBy ?? null,
});
