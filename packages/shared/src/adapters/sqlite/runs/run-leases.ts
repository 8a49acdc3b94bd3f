import type { AttemptError } from "../../../domain/run/run-error.ts";
import { rescueRun } from "../../../domain/run/run-changes.ts";
import type { RunLeases } from "../../../ports/runs/run-leases.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query } from "../rows.ts";
import { IS_OPEN, type RunRow, SELECT_RUNS, type StoredRun } from "./run-rows.ts";

/** Attempts whose process is gone: those that were running when the file was opened. Leases of this process are ended by no clock. */
export function openRunLeases({ db, runs, overlap }: StoreContext): Answering<RunLeases> {
  const ending = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE lease_ends_at IS NOT NULL AND lease_ends_at >= ?1 AND ${IS_OPEN} AND runs.slot >= ?2 AND runs.slot < ?3
       AND (lease_ends_at > ?1 OR run_id NOT IN (SELECT value FROM json_each(?4))) ORDER BY lease_ends_at, run_key LIMIT ?5 + 0`,
  );
  return {
    ending({ shard, after, limit }) {
      const { expiresAt, runIds } = after ?? { expiresAt: Number.MIN_SAFE_INTEGER, runIds: [] };
      return ending.all(expiresAt, shard.from, shard.to, JSON.stringify(runIds), limit).map((run) => ({
        runId: run.runId,
        handler: run.handler,
        attempt: run.attempt,
        rescues: run.rescues,
        leaseMs: run.leaseMs ?? 0,
        expiresAt: run.leaseEndsAt ?? 0,
        ownerGone: true,
        onUncertain: run.onUncertain,
        cancelRequested: run.cancelRequested === 1,
      }));
    },
    rescue({ rescues, now }) {
      const ended: StoredRun[] = [];
      let rescued = 0;
      for (const { runId, expiresAt, to, error } of rescues) {
        const run = runs.find(runId);
        if (run === null || run.standing !== "running" || run.leaseEndsAt !== expiresAt) continue;
        const next = rescueRun(run, { to, error: error as AttemptError | undefined, now });
        runs.save(next);
        rescued += 1;
        if (next.standing === null) ended.push(next);
        overlap.wakeNext(next);
      }
      return { rescued, ended: runs.toEnded(ended) };
    },
  };
}

/** Repairs the rows of an earlier process: its attempts have no executor, and none of its published runs was received. */
export const BEGIN_INCARNATION = `
UPDATE runs SET lease_ends_at = CAST(coalesce(started_at, 0) + coalesce(lease_ms, 0) AS INTEGER) WHERE standing = 'running' AND lease_ends_at IS NULL;
UPDATE runs SET standing = 'publishable', wake_at = NULL, repeat_ms = NULL WHERE standing = 'published';
`;
