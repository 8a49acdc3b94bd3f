import type { LastRun } from "../../domain/run.ts";
import { standingOf, type StatusChange } from "../../domain/status-change.ts";
import type { AttemptHolder } from "../../ports/run-claims.ts";
import { mapReadable } from "../../runtime/map-readable.ts";
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
  ({ jobs, readJob, onUnreadable }: Core) =>
  ({ jobUids }: { readonly jobUids: readonly string[] }): (readonly [string, LastRun])[] => {
    const lastRun = (uid: string): readonly [string, LastRun | null] => {
      const jobKey = jobs.uids.find(uid);
      const row = jobKey === 0 ? null : readJob(jobKey);
      return [uid, row === null ? null : lastRunOf(row, LAST_RUN_PLACE)];
    };
    const found = mapReadable([...new Set(jobUids)], { kind: "job", idOf: (uid) => uid, map: lastRun, onUnreadable });
    return found.filter((entry): entry is readonly [string, LastRun] => entry[1] !== null);
  };

/** What these runs say of the status of their jobs. */
export const standing =
  ({ ids, readRun, onUnreadable }: Core) =>
  ({ runIds }: { readonly runIds: readonly string[] }): StatusChange[] => {
    const standingNow = (runId: string): StatusChange | null => {
      const runKey = ids.find(runId);
      const row = runKey === 0 ? null : readRun(runKey);
      return row === null ? null : standingOf(runOf(row));
    };
    const found = mapReadable([...new Set(runIds)], { kind: "run", idOf: (runId) => runId, map: standingNow, onUnreadable });
    return found.filter((change) => change !== null);
  };
