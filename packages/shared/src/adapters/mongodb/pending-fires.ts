import { runIdOf } from "../../domain/run-id.ts";
import { RUN_CAUSES } from "../../domain/run.ts";
import { BORN_STATES } from "../../domain/run-state.ts";
import { standInDefinition } from "../../domain/stored-definition.ts";
import { isRecord, isText, isTime, isWhole } from "../../domain/stored-value.ts";
import type { DefinitionKey } from "./definition-row.ts";
import type { StoreContext } from "./context.ts";
import { groupBy } from "./group-by.ts";
import { knownOfRow, type JobRow, type PendingFire } from "./job-row.ts";
import { makeRuns } from "./run-making.ts";
import { newRunRow } from "./run-row.ts";

type Reading = Pick<StoreContext, "rows" | "definitions" | "digest">;

interface Owed {
  readonly job: JobRow;
  readonly fire: PendingFire;
  readonly key: DefinitionKey;
  readonly runId: string;
}

/**
 * Makes the runs of all fires pending in the jobs read, also those of others, and takes out the entries whose runs are
 * known to exist. Whoever reads a job back does this first, so that a fire that crashed half-way is completed by
 * whoever comes next. Returns the uids of the jobs of which a run was missing.
 */
export async function completePending(context: Reading, jobs: readonly JobRow[]): Promise<Set<string>> {
  const owed = jobs.flatMap((job) => pendingOf(job).map((fire) => owedBy(context, job, fire)));
  const mended = new Set<string>();
  if (owed.length === 0) return mended;
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
  await clearPending(
    context,
    seenOf(owed, (runId) => made.has(runId)),
  );
  return mended;
}

/** The entries of one batch in one job. */
export interface PendingPlace {
  readonly jobUid: string;
  /** Of the batch. */
  readonly token: string;
}

/** Where every entry has a run that is known to exist. One push puts all entries of a batch into a job, so who read one of them read them all. */
function seenOf(owed: readonly Owed[], exists: (runId: string) => boolean): PendingPlace[] {
  const places = groupBy(owed, ({ job, fire }) => `${fire.token} ${job._id}`);
  return [...places.values()].flatMap((entries) => {
    const [first] = entries;
    if (first === undefined || !entries.every(({ runId }) => exists(runId)) || hasUnreadable(first)) return [];
    return [{ jobUid: first.job._id, token: first.fire.token }];
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

const isPending = (fire: unknown): fire is PendingFire =>
  isRecord(fire) &&
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
