import type { Instant } from "../../../domain/time/instant.ts";
import { makeRunId } from "../../../domain/run/run-id.ts";
import { RUN_CAUSES } from "../../../domain/run/run.ts";
import { BORN_STATES } from "../../../domain/run/run-state.ts";
import { standInDefinition, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { isRecord, isText, isTextOrNull, isTime, isWhole } from "../../../domain/json/stored-value.ts";
import type { DefinitionKey } from "./definition-row.ts";
import { withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { readKnown, type JobRow, type PendingFire } from "./job-row.ts";
import { makeRuns } from "../runs/run-making.ts";
import { newRunRow, type RunRow } from "../runs/run-row.ts";

type Reading = Pick<StoreContext, "rows" | "definitions" | "digest" | "onUnreadable">;

/** The result for the pending fires of some jobs, by the jobs' uids. */
export interface Completed {
  /** Jobs with a missing run, which was made. */
  readonly repaired: ReadonlySet<string>;
  /** Jobs with fires that are still pending: unreadable ones, or ones whose run is not seen or is refused by the server. */
  readonly left: readonly string[];
}

/** The entries of one batch in one job. */
export interface PendingPlace {
  readonly jobUid: string;
  /** Of the batch. */
  readonly token: string;
}

/** An entry whose run may be missing. */
interface Owed extends PendingPlace, DefinitionKey {
  readonly job: JobRow;
  readonly fire: PendingFire;
  readonly runId: string;
}

/**
 * Makes the runs of all fires pending in the jobs read, also those of other processes, and takes out the entries whose runs are
 * known to exist. Every call that reads a job back does this first, so that the next reader completes a fire that crashed half-way.
 * An unreadable entry, and one whose run the server refuses, stay and do not stop the others.
 */
export async function completePending(context: Reading, jobs: readonly JobRow[]): Promise<Completed> {
  const unreadable = jobs.filter((job) => unreadablePending(job) > 0).map(({ _id }) => _id);
  for (const id of unreadable)
    context.onUnreadable({ kind: "job", id, reason: "some of its pending fires cannot be read: their runs are not made" });
  const owed = jobs.flatMap((job) => readPending(job).map((fire) => toOwed(context, job, fire)));
  if (owed.length === 0) return { repaired: new Set(), left: unreadable };
  const readDefinition = await context.definitions.read(owed);
  const made = await makeRuns(
    context,
    owed.map((one) => toRunRow(one, readDefinition(one))),
  );
  // One push puts all entries of a batch into a job, so a call that has read one of them has read them all.
  const batches = [...Map.groupBy(owed, ({ token, jobUid }) => `${token} ${jobUid}`).values()];
  const seen = batches.filter((entries) => entries.every((one) => made.has(one.runId) && !hasUnreadable(one)));
  await clearPending(
    context,
    seen.map(([first]) => first as Owed),
  );
  const cleared = new Set(seen.flat());
  const repaired = owed.filter(({ runId }) => made.get(runId)?.fresh === true);
  const left = owed.filter((one) => !cleared.has(one));
  return {
    repaired: new Set(repaired.map(({ jobUid }) => jobUid)),
    left: [...new Set([...unreadable, ...left.map(({ jobUid }) => jobUid)])],
  };
}

function toOwed({ digest }: Reading, job: JobRow, fire: PendingFire): Owed {
  const { cause, scheduledFor, key, token } = fire;
  const jobUid = job._id;
  const runId = makeRunId(digest, { jobUid, cause, scheduledFor, key });
  return { jobUid, token, definitionHash: fire.definitionHash ?? job.definitionHash, job, fire, runId };
}

/** A fire that was won has its run, also if it cannot run until its definition can be read. */
function toRunRow({ job, fire, runId, jobUid, definitionHash }: Owed, stored: StoredDefinition): RunRow {
  const definition = stored.kind === "read" ? stored.definition : standInDefinition(readKnown(job));
  const { tenantId, id: jobId, slot } = job;
  return newRunRow(runId, { tenantId, jobUid, jobId, jobVersion: fire.jobVersion, slot, definition, definitionHash }, fire);
}

/**
 * Takes entries out, of each batch only from the jobs named with it: another job that was read may hold an entry of the same
 * batch by now that was not there when it was read, and whose run is not made. Only for entries whose runs were all seen,
 * written by a majority.
 */
export async function clearPending({ rows }: Pick<StoreContext, "rows">, places: readonly PendingPlace[]): Promise<void> {
  const batches = Map.groupBy(places, ({ token }) => token);
  await rows.jobs.updateEach(
    [...batches].map(([token, group]) => ({
      filter: withIds(group.map(({ jobUid }) => jobUid)),
      update: { $pull: { pending: { token: { $eq: token } } } },
    })),
  );
}

/** The readable pending fires of a job: what the others fired is unknown. */
const readPending = ({ pending }: JobRow): PendingFire[] => (Array.isArray(pending) ? pending.filter(isPending) : []);

/** How many of the fires pending in a job cannot be read. */
export const unreadablePending = (job: JobRow): number => (Array.isArray(job.pending) ? job.pending.length - readPending(job).length : 0);

/** An unreadable entry may share its batch with readable ones: its runs are not known to exist. */
const hasUnreadable = ({ job, fire }: Owed): boolean =>
  unreadablePending(job) > 0 && job.pending.some((other) => !isPending(other) && (other as PendingFire | null)?.token === fire.token);

/**
 * The same as a filter, as far as the server can check: jobs with a readable pending fire. The others are never removed,
 * and would fill the pages of every sweep.
 */
export const readablePending = (firedBefore: Instant) => ({
  "pending.firedAt": { $gt: 0, $lt: firedBefore },
  pending: {
    $elemMatch: {
      firedAt: { $gt: 0, $lt: firedBefore },
      token: { $type: "string" },
      scheduledFor: { $type: "number" },
      jobVersion: { $type: "number" },
      cause: { $in: RUN_CAUSES },
      state: { $in: BORN_STATES },
    },
  },
});

const isPending = (fire: unknown): fire is PendingFire =>
  isRecord(fire) &&
  isTextOrNull(fire["key"]) &&
  isTextOrNull(fire["definitionHash"] ?? null) &&
  isText(fire["token"]) &&
  isTime(fire["scheduledFor"]) &&
  isTime(fire["firedAt"]) &&
  isWhole(fire["jobVersion"]) &&
  RUN_CAUSES.includes(fire["cause"] as never) &&
  BORN_STATES.includes(fire["state"] as never);
