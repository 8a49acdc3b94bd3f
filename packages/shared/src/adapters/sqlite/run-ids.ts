import type { DatabaseSync } from "node:sqlite";
import type { Meta } from "./meta.ts";
import type { OpenRun } from "./open-run.ts";
import type { OpenRuns } from "./open-runs.ts";

/** So many new runs are entered into the index of ids at once: a sorted batch touches each of its pages once. */
const TAIL_RUNS_MAX = 4_096;

/**
 * Run keys by run id. The ids of the newest runs are kept in memory until there are enough for a sorted batch; in the
 * file they are the rows with a key above `indexed_to`, which is how others find them, and how they are found at start.
 */
export interface RunIds {
  /** 0: no such run. */
  find(runId: string): number;
  /** A key for a new run; never used again. */
  add(runId: string): number;
  /** Enters what is in memory into the index, if that is due, or `always`. Returns true if it did. */
  flush(always: boolean): boolean;
  readonly unindexed: number;
}

export function openRunIds(db: DatabaseSync, { meta, open }: { readonly meta: Meta; readonly open: OpenRuns }): RunIds {
  let tail = new Map<string, number>();
  let indexedTo = meta.get("indexed_to");
  let lastKey = Math.max(indexedTo, Number(db.prepare("SELECT max(run_key) AS last FROM runs").get()?.["last"] ?? 0));
  /** Ids above the greatest in the index cannot be in it: most new runs are not even looked for. */
  let greatest = String(db.prepare("SELECT run_id FROM run_ids ORDER BY run_id DESC LIMIT 1").get()?.["run_id"] ?? "");
  const select = db.prepare("SELECT run_key FROM run_ids WHERE run_id = ?");
  const insert = db.prepare("INSERT INTO run_ids (run_id, run_key) VALUES (?, ?)");
  const park = db.prepare("UPDATE runs SET parked = 1 WHERE run_key = ?");
  for (const row of db.prepare("SELECT run_id, run_key FROM runs WHERE run_key > ?").iterate(indexedTo)) {
    tail.set(row["run_id"] as string, row["run_key"] as number);
  }

  /** A run that has been running since the last batch would not be found by a scan of the newest rows. */
  function parkStragglers(): void {
    meta.set("running_floor", indexedTo);
    open.unparkedUpTo(indexedTo).forEach((run: OpenRun) => {
      run.parked = true;
      park.run(run.runKey);
    });
  }
  return {
    find(runId) {
      const key = tail.get(runId);
      if (key !== undefined) return key;
      if (runId > greatest) return 0;
      return Number(select.get(runId)?.["run_key"] ?? 0);
    },
    add(runId) {
      lastKey += 1;
      tail.set(runId, lastKey);
      return lastKey;
    },
    flush(always) {
      if (tail.size === 0 || (!always && tail.size < TAIL_RUNS_MAX)) return false;
      const runIds = [...tail.keys()].sort();
      for (const runId of runIds) insert.run(runId, tail.get(runId) ?? 0);
      const last = runIds.at(-1) ?? "";
      if (last > greatest) greatest = last;
      parkStragglers();
      indexedTo = lastKey;
      meta.set("indexed_to", indexedTo);
      tail = new Map();
      return true;
    },
    get unindexed() {
      return tail.size;
    },
  };
}
