import type { LastRun } from "../../domain/run.ts";
import { standingOf, type StatusChange } from "../../domain/status-change.ts";
import type { AttemptHolder } from "../../ports/run-claims.ts";
import type { Core } from "./core.ts";
import { LAST_RUN_PLACE, lastRunOf } from "./job-view.ts";
import type { OpenRun } from "./open-run.ts";
import { runOf } from "./run-view.ts";

/** Who has the runs of these ids that have not ended. */
export const holders =
  ({ open, owners }: Core) =>
  ({ runIds }: { readonly runIds: readonly string[] }): AttemptHolder[] =>
    [...new Set(runIds)].flatMap((runId) => {
      const run = open.byId.get(runId);
      if (run === undefined) return [];
      const running = run.mode === "none" && run.ownerKey !== null;
      return [{ runId, attempt: run.attempt, state: stateOf(run), executor: running ? owners.get(run.ownerKey as number).executor : null }];
    });

const stateOf = ({ mode }: OpenRun): AttemptHolder["state"] => (mode === "none" ? "running" : mode === "retrying" ? "retrying" : "due");

/** The last run of each of these jobs that has one, by the job's uid. */
export const lastRuns =
  ({ jobs, readJob }: Core) =>
  ({ jobUids }: { readonly jobUids: readonly string[] }): (readonly [string, LastRun])[] =>
    [...new Set(jobUids)].flatMap((uid) => {
      const jobKey = jobs.uids.find(uid);
      const row = jobKey === 0 ? null : readJob(jobKey);
      const lastRun = row === null ? null : lastRunOf(row, LAST_RUN_PLACE);
      return lastRun === null ? [] : [[uid, lastRun] as const];
    });

/** What these runs say of the status of their jobs. */
export const standing =
  ({ ids, readRun }: Core) =>
  ({ runIds }: { readonly runIds: readonly string[] }): StatusChange[] =>
    [...new Set(runIds)].flatMap((runId) => {
      const runKey = ids.find(runId);
      const row = runKey === 0 ? null : readRun(runKey);
      return row === null ? [] : (standingOf(runOf(row)) ?? []);
    });
