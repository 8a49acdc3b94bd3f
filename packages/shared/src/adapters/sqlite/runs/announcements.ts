import { toEndedRun } from "../../../domain/run/run-record.ts";
import type { Announcements } from "../../../ports/runs/announcements.ts";
import { takeReadable } from "../../../runtime/batch/map-readable.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query } from "../rows.ts";
import { type RunRow, SELECT_RUNS_WITH_OUTPUT, toStoredRun } from "./run-rows.ts";

export function openAnnouncements({ db, onUnreadable }: StoreContext): Answering<Announcements> {
  const select = query<RunRow>(
    db,
    `${SELECT_RUNS_WITH_OUTPUT.replace("FROM runs", "FROM unannounced CROSS JOIN runs USING (run_id)")}
     WHERE unannounced.settled_at <= ? AND runs.slot >= ? AND runs.slot < ? ORDER BY unannounced.settled_at, unannounced.run_id`,
  );
  const remove = db.prepare(
    "DELETE FROM unannounced WHERE (settled_at, run_id) IN (SELECT settled_at, run_id FROM runs WHERE run_id IN (SELECT value FROM json_each(?)))",
  );
  const how = {
    kind: "run",
    idOf: ({ runId }: RunRow) => runId,
    map: (row: RunRow) => toEndedRun(toStoredRun(row)),
    onUnreadable,
  } as const;
  return {
    unannounced: ({ shard, endedBefore, limit }) => takeReadable(select.iterate(endedBefore, shard.from, shard.to), limit, how),
    announced: (runIds) => void remove.run(JSON.stringify(runIds)),
  };
}
