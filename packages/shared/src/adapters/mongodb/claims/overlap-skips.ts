import { asDue } from "./claim-starts.ts";
import { LOST, skippedAs } from "./claim-check.ts";
import { readByIds } from "./claim-reads.ts";
import type { StoreContext } from "../context.ts";
import type { Judged } from "./overlap-judging.ts";
import type { Carrying } from "./overlap-waits.ts";
import { wakeNext } from "./overlap-wakes.ts";
import { allOf, endRun } from "../runs/run-changes.ts";

/** Closes the runs that are to be skipped. Who did it is read by the token. */
export async function skipAll(context: StoreContext, judged: readonly Judged[], { request, outcomes }: Carrying): Promise<void> {
  const { claimant, now } = request;
  const changes = judged.flatMap(({ verdict, ...contender }) => {
    if (verdict.kind !== "skip") return [];
    const update = allOf(endRun({ state: "skipped", reason: verdict.reason, now }), { $set: { token: claimant.token } });
    return [{ contender, change: { filter: asDue([contender]), update } }];
  });
  if (changes.length === 0) return;
  await context.rows.runs.updateEach(changes.map(({ change }) => change));
  const runs = changes.map(({ contender }) => contender.run);
  const rows = new Map((await readByIds(context.rows.runs, runs)).map((row) => [row._id, row]));
  const closed = runs.flatMap(({ runId }) => {
    const row = rows.get(runId);
    const own = row?.state === "skipped" && row.token === claimant.token;
    outcomes.set(runId, own ? skippedAs(context, row) : LOST);
    return own ? [row] : [];
  });
  await wakeNext(context, closed);
}
