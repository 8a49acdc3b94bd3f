import { isCompleted } from "../../../domain/run-state.ts";
import type { Instant } from "../../../domain/instant.ts";
import { DEFINITION_GRACE_MS, type Retention, type RetentionRequest } from "../../../ports/retention.ts";
import { cancelOpenRuns } from "./cancel-open.ts";
import type { DefinitionRow, JobRow } from "./job-table.ts";
import { completeFires } from "./pending-fires.ts";
import type { RunRow } from "./run-row.ts";
import { take, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export const createRetention = (state: MemoryState): Retention => ({
  async sweep(request) {
    noteForgotten(state, request);
    const runs = sweepRuns(state, request);
    const requests = sweepBindings(state, request);
    const { tombstones, cancelled } = sweepTombstones(state, request);
    const definitions = sweepDefinitions(state, request);
    const more = Math.max(runs, requests, tombstones, cancelled, definitions) >= request.limit;
    return { runs, requests, tombstones, definitions, more };
  },
  async forgotten() {
    return { ...state.forgotten };
  },
});

function noteForgotten({ forgotten }: MemoryState, { endedBefore, deletedBefore }: RetentionRequest): void {
  forgotten.runs = Math.max(forgotten.runs, endedBefore);
  forgotten.jobs = Math.max(forgotten.jobs, deletedBefore);
}

function sweepRuns(state: MemoryState, { endedBefore, limit }: RetentionRequest): number {
  const old = takeWhile(state.runs.ended.ascending(), ({ finishedAt }) => finishedAt !== null && finishedAt < endedBefore);
  const gone = take(old, limit, (row) => row.announced && row.scheduledFor < endedBefore && isFolded(row, state));
  for (const row of gone) {
    state.runs.remove(row);
    const definition = state.jobs.get(row.origin.jobUid)?.definitions.get(row.entry.definitionHash);
    if (definition !== undefined) definition.runs -= 1;
  }
  return gone.length;
}

/** What was skipped or missed changes no job's status, so there is nothing to fold. */
const isFolded = ({ state, settledAt }: RunRow, { watermark }: MemoryState): boolean =>
  !isCompleted(state) || (settledAt !== null && settledAt < watermark);

function sweepBindings({ bindings, bindingsByAge }: MemoryState, { boundBefore, limit }: RetentionRequest): number {
  const isOld = (name: string): boolean => (bindings.get(name)?.boundAt ?? boundBefore) < boundBefore;
  const gone = take(takeWhile(bindingsByAge.ascending(), isOld), limit);
  for (const name of gone) {
    bindings.delete(name);
    bindingsByAge.delete(name);
  }
  return gone.length;
}

function sweepTombstones(state: MemoryState, { now, deletedBefore, limit }: RetentionRequest): { tombstones: number; cancelled: number } {
  const old = take(
    takeWhile(state.jobs.tombstones.ascending(), ({ job }) => job.updatedAt < deletedBefore),
    Infinity,
  );
  let cancelled = 0;
  for (const row of old) {
    completeFires(state, row);
    cancelled += cancelOpenRuns(state, { jobUid: row.job.uid, now, limit: limit - cancelled }).length;
  }
  const gone = take(old, limit, (row) => isOver(state, row));
  for (const row of gone) state.jobs.remove(row);
  return { tombstones: gone.length, cancelled };
}

/** Looks at some of the jobs that have several, each time at others. */
function sweepDefinitions({ jobs }: MemoryState, { now, limit }: RetentionRequest): number {
  let gone = 0;
  for (const row of take(jobs.manyDefinitions, limit)) {
    for (const [hash, definition] of row.definitions) if (gone < limit && isSpare(row, { hash, definition, now })) gone += drop(row, hash);
    jobs.manyDefinitions.delete(row);
    jobs.save(row);
  }
  return gone;
}

const drop = ({ definitions }: JobRow, hash: string): number => (definitions.delete(hash) ? 1 : 0);

/** Nothing has used it for the whole grace. */
function isSpare(
  { job, pending }: JobRow,
  { hash, definition, now }: { readonly hash: string; readonly definition: DefinitionRow; readonly now: Instant },
): boolean {
  const used = hash === job.definitionHash || definition.runs > 0 || pending.some(({ entry }) => entry.definitionHash === hash);
  definition.unusedSince = used ? null : (definition.unusedSince ?? now);
  return definition.unusedSince !== null && now - definition.unusedSince >= DEFINITION_GRACE_MS;
}

const isOver = ({ runs }: MemoryState, { job, unsent }: JobRow): boolean =>
  unsent.size === 0 && take(runs.openOf.ascending(job.uid), 1).length === 0;
