import { isCompleted, isTerminal } from "../../domain/run/run-state.ts";
import { DEFINITION_GRACE_MS, type Retention, type RetentionRequest } from "../../ports/store/retention.ts";
import { completeFires } from "./due-jobs.ts";
import { cancelOpenRuns } from "./run-control.ts";
import { ascending, type MemoryState, type StoredJob, type StoredRun } from "./state.ts";

export const createRetention = (state: MemoryState): Retention => ({
  async sweep(request) {
    const { runs: runsBefore, jobs: jobsBefore } = state.forgotten;
    state.forgotten = { runs: Math.max(runsBefore, request.endedBefore), jobs: Math.max(jobsBefore, request.deletedBefore) };
    const runs = sweepRuns(state, request);
    const requests = sweepBindings(state, request);
    const { tombstones, cancelled } = sweepTombstones(state, request);
    const definitions = sweepDefinitions(state, request);
    const more = Math.max(runs, requests, tombstones, cancelled, definitions) >= request.limit;
    return { runs, requests, tombstones, definitions, more };
  },
  async forgotten() {
    return state.forgotten;
  },
});

function sweepRuns({ runs, watermark }: MemoryState, { endedBefore, limit }: RetentionRequest): number {
  // Skipped and missed runs change no job's status, so there is nothing to apply.
  const mayGo = ({ state, finishedAt, settledAt, scheduledFor, announced }: StoredRun): boolean =>
    finishedAt !== null &&
    finishedAt < endedBefore &&
    scheduledFor < endedBefore &&
    announced &&
    isTerminal(state) &&
    (!isCompleted(state) || (settledAt !== null && settledAt < watermark));
  const gone = [...runs.values()].filter(mayGo).sort(ascending("finishedAt"));
  return gone.slice(0, limit).filter(({ runId }) => runs.delete(runId)).length;
}

function sweepBindings({ bindings }: MemoryState, { boundBefore, limit }: RetentionRequest): number {
  const old = [...bindings].filter(([, { boundAt }]) => boundAt < boundBefore);
  old.sort(([, left], [, right]) => ascending("boundAt")(left, right));
  return old.slice(0, limit).filter(([name]) => bindings.delete(name)).length;
}

function sweepTombstones(state: MemoryState, { now, deletedBefore, limit }: RetentionRequest): { tombstones: number; cancelled: number } {
  const { jobs, openRuns, outbox } = state;
  const old = [...jobs.values()].filter(({ job }) => job.state === "deleted" && job.updatedAt < deletedBefore);
  let cancelled = 0;
  for (const stored of old) {
    completeFires(state, stored);
    cancelled += cancelOpenRuns(state, { jobUid: stored.job.uid, now, limit: limit - cancelled }).length;
  }
  const unsent = new Set([...outbox.values()].map(({ data }) => data.jobUid));
  const over = old.map(({ job }) => job).filter(({ uid }) => !openRuns.has(uid) && !unsent.has(uid));
  const tombstones = over
    .sort(ascending("updatedAt"))
    .slice(0, limit)
    .filter(({ uid }) => jobs.delete(uid)).length;
  return { tombstones, cancelled };
}

/** Deletes definitions that neither their job nor a run has used for the whole grace. */
function sweepDefinitions({ jobs, runs }: MemoryState, { now, limit }: RetentionRequest): number {
  const used = new Set([...runs.values()].map(({ jobUid, definitionHash }) => JSON.stringify([jobUid, definitionHash])));
  const isUsed = ({ job, pending }: StoredJob, hash: string): boolean =>
    hash === job.definitionHash || used.has(JSON.stringify([job.uid, hash])) || pending.some(({ entry }) => entry.definitionHash === hash);
  let gone = 0;
  for (const stored of jobs.values()) {
    for (const [hash, definition] of stored.definitions) {
      definition.unusedSince = isUsed(stored, hash) ? null : (definition.unusedSince ?? now);
      const isOver = definition.unusedSince !== null && now - definition.unusedSince >= DEFINITION_GRACE_MS;
      if (isOver && gone < limit && stored.definitions.delete(hash)) gone += 1;
    }
  }
  return gone;
}
