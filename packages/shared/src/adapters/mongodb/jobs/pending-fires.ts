import type { Instant } from "../../../domain/instant.ts";
import { runIdOf } from "../../../domain/run-id.ts";
import { RUN_CAUSES } from "../../../domain/run.ts";
import { BORN_STATES } from "../../../domain/run-state.ts";
import { standInDefinition } from "../../../domain/stored-definition.ts";
import { isRecord, isText, isTextOrNull, isTime, isWhole } from "../../../domain/stored-value.ts";
import type { DefinitionKey } from "./definition-row.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { knownOfRow, type JobRow, type PendingFire } from "./job-row.ts";
import { makeRuns } from "../runs/run-making.ts";
import { newRunRow } from "../runs/run-row.ts";

type Reading = Pick<StoreContext, "rows" | "definitions" | "digest" | "onUnreadable">;

/** What came of the fires pending in some jobs, by the jobs' uids. */
export interface Completed {
  /** Of these a run was missing. */
  readonly mended: ReadonlySet<string>;
  /** In these something is pending as before: it cannot be read, or its run is not seen or refused by the server. */
  readonly left: readonly string[];
}

interface Owed {
  readonly job: JobRow;
  readonly fire: PendingFire;
  readonly key: DefinitionKey;
  readonly runId: string;
}

/**
 * Makes the runs of all fires pending in the jobs read, also those of others, and takes out the entries whose runs are
 * known to exist. Whoever reads a job back does this first, so that a fire that crashed half-way is completed by
 * whoever comes next. An entry that cannot be read, and one whose run the server refuses, stay and keep no others.
 */
export async function completePending(context: Reading, jobs: readonly JobRow[]): Promise<Completed> {
  const unreadable = jobs.filter((job) => unreadablePending(job) > 0);
  for (const { _id } of unreadable)
    context.onUnreadable({ kind: "job", id: _id, reason: "some of its pending fires cannot be read: their runs are not made" });
  const owed = jobs.flatMap((job) => pendingOf(job).map((fire) => owedBy(context, job, fire)));
  const mended = new Set<string>();
  if (owed.length === 0) return { mended, left: unreadable.map(({ _id }) => _id) };
  const definitionOf = await context.definitions.of(owed.map(({ key }) => key));
  const made = await makeRuns(
    context,
    owed.map(({ job, fire, key, runId }) => {
      const stored = definitionOf(key);
      // A fire that was won has its run, also where nobody can run it before its definition can be read.
      const definition = stored.kind === "read" ? stored.definition : standInDefinition(knownOfRow(job));
      return newRunRow(runId, { ...originOf(job, fire), ...key, definition }, fire);
    }),
  );
  for (const { job, runId } of owed) if (made.get(runId)?.fresh === true) mended.add(job._id);
  const seen = seenOf(owed, (runId) => made.has(runId));
  await clearPending(context, seen);
  const cleared = new Set(seen.map(placeOf));
  const left = [...unreadable.map(({ _id }) => _id), ...owed.flatMap((one) => (cleared.has(placeOf(placeIn(one))) ? [] : [one.job._id]))];
  return { mended, left: [...new Set(left)] };
}

const placeIn = ({ job, fire }: Owed): PendingPlace => ({ jobUid: job._id, token: fire.token });
const placeOf = ({ jobUid, token }: PendingPlace): string => `${token} ${jobUid}`;

/** The entries of one batch in one job. */
export interface PendingPlace {
  readonly jobUid: string;
  /** Of the batch. */
  readonly token: string;
}

/** Where every entry has a run that is known to exist. One push puts all entries of a batch into a job, so who read one of them read them all. */
function seenOf(owed: readonly Owed[], exists: (runId: string) => boolean): PendingPlace[] {
  const places = groupBy(owed, (one) => placeOf(placeIn(one)));
  return [...places.values()].flatMap((entries) => {
    const [first] = entries;
    if (first === undefined || !entries.every(({ runId }) => exists(runId)) || hasUnreadable(first)) return [];
    return [placeIn(first)];
  });
}

/**
 * Takes entries out, of each batch only from the jobs named with it: another job that was read may hold an entry of the same
 * batch by now which was not there when it was read, and whose run nobody has made. Only for entries whose runs were all seen,
 * written by a majority.
 */
export async function clearPending({ rows }: Pick<StoreContext, "rows">, places: readonly PendingPlace[]): Promise<void> {
  const batches = groupBy(places, ({ token }) => token);
  await rows.jobs.updateEach(
    [...batches].map(([token, group]) => ({
      filter: { _id: { $in: group.map(({ jobUid }) => jobUid).sort() } },
      update: { $pull: { pending: { token: { $eq: token } } } },
    })),
  );
}

/** The fires pending in a job, without those that are not what was written: nobody knows what they fired. */
function pendingOf({ pending }: JobRow): PendingFire[] {
  return Array.isArray(pending) ? pending.filter(isPending) : [];
}

/** How many of the fires pending in a job cannot be read. */
export const unreadablePending = (job: JobRow): number => (Array.isArray(job.pending) ? job.pending.length - pendingOf(job).length : 0);

/** An entry that cannot be read may share its batch with some that can: what it fired is not known to exist. */
const hasUnreadable = ({ job, fire }: Owed): boolean =>
  unreadablePending(job) > 0 && job.pending.some((other) => !isPending(other) && (other as PendingFire | null)?.token === fire.token);

/**
 * The same for the server, as far as it can tell: jobs of which something pending can be read. The others would fill the pages of a sweep for
 * ever, as nothing takes them out.
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

function owedBy({ digest }: Reading, job: JobRow, fire: PendingFire): Owed {
  const { cause, scheduledFor, key } = fire;
  return {
    job,
    fire,
    key: { jobUid: job._id, definitionHash: fire.definitionHash ?? job.definitionHash },
    runId: runIdOf(digest, { jobUid: job._id, cause, scheduledFor, key }),
  };
}

const originOf = ({ tenantId, id, slot }: JobRow, { jobVersion }: PendingFire) => ({ tenantId, jobId: id, jobVersion, slot });
