import { runIdOf } from "../../domain/run-id.ts";
import type { DefinitionKey } from "./definition-row.ts";
import type { StoreContext } from "./context.ts";
import type { JobRow, PendingFire } from "./job-row.ts";
import { makeRuns } from "./run-making.ts";
import { newRunRow } from "./run-row.ts";

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
export async function completePending(context: StoreContext, jobs: readonly JobRow[]): Promise<Set<string>> {
  const owed = jobs.flatMap((job) => job.pending.map((fire) => owedBy(context, job, fire)));
  const mended = new Set<string>();
  if (owed.length === 0) return mended;
  const definitionOf = await context.definitions.of(owed.map(({ key }) => key));
  const made = await makeRuns(
    context,
    owed.map(({ job, fire, key, runId }) => newRunRow(runId, { ...originOf(job, fire), ...key, definition: definitionOf(key) }, fire)),
  );
  for (const { job, runId } of owed) if (made.get(runId)?.fresh === true) mended.add(job._id);
  const unseen = new Set(owed.filter(({ runId }) => !made.has(runId)).map(({ fire }) => fire.token));
  await clearPending(context, {
    jobUids: [...new Set(owed.map(({ job }) => job._id))],
    tokens: [...new Set(owed.map(({ fire }) => fire.token))].filter((token) => !unseen.has(token)),
  });
  return mended;
}

/** Takes the entries of these batches out. Only for batches whose runs were all seen, written by a majority. */
export async function clearPending(
  { rows }: Pick<StoreContext, "rows">,
  { jobUids, tokens }: { readonly jobUids: readonly string[]; readonly tokens: readonly string[] },
): Promise<void> {
  if (tokens.length === 0) return;
  await rows.jobs.updateMany({ _id: { $in: jobUids.toSorted() } }, { $pull: { pending: { token: { $in: tokens } } } });
}

function owedBy({ digest }: StoreContext, job: JobRow, fire: PendingFire): Owed {
  const { cause, scheduledFor, key } = fire;
  return {
    job,
    fire,
    key: { jobUid: job._id, definitionHash: fire.definitionHash ?? job.definitionHash },
    runId: runIdOf(digest, { jobUid: job._id, cause, scheduledFor, key }),
  };
}

const originOf = ({ tenantId, id, slot }: JobRow, { jobVersion }: PendingFire) => ({ tenantId, jobId: id, jobVersion, slot });
