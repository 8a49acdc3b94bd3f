import type { Instant } from "../../../domain/instant.ts";
import { isText } from "../../../domain/stored-value.ts";
import type { RetentionRequest } from "../../../ports/retention.ts";
import type { StoreContext } from "../context.ts";
import type { DefinitionRow } from "../jobs/definition-row.ts";
import { groupBy } from "../group-by.ts";
import { upTo } from "../collections/indexes.ts";
import type { JobRow, PendingFire } from "../jobs/job-row.ts";
import { type Use, type Verdict, verdictOn } from "./definition-verdict.ts";

/** Definitions looked at in one sweep, as a multiple of those it may forget: jobs' own must not stand in the way of others. */
const LOOKED_AT = 4;
/** And at most, for of each that its job has left the runs are asked for by a query of its own. */
const LOOKED_AT_MAX = 200;
/** Such queries under way at the same time. */
const QUERIES_MAX = 10;

export interface DefinitionsSwept {
  readonly definitions: number;
  /** True when there may be more to look at, at once. */
  readonly more: boolean;
}

type Suspect = Pick<DefinitionRow, "_id" | "jobUid" | "hash" | "named" | "found">;

/**
 * Forgets definitions that neither their job nor any run uses. Whoever names one gives it a token of its own first, and
 * all that a sweep writes compares the token it read: so what it saw still holds, or nothing is written, however many
 * sweep at once and however long one of them stood still in between.
 */
export async function sweepDefinitions(
  context: StoreContext,
  { now, limit }: Pick<RetentionRequest, "now" | "limit">,
): Promise<DefinitionsSwept> {
  const { definitions } = context.rows;
  const most = Math.min(LOOKED_AT * limit, LOOKED_AT_MAX);
  const query = { sort: { lookAt: 1 }, limit: most, fields: ["jobUid", "hash", "named", "found"] } as const;
  const suspects: readonly Suspect[] = await definitions.find({ lookAt: upTo(now) }, query);
  const uses = await readUses(context, suspects, now);
  const verdicts = suspects.map((row) => ({ row, verdict: verdictOn(row, uses.get(row._id) ?? { by: "nobody" }, now) }));
  await definitions.updateEach(
    verdicts.flatMap(({ row, verdict }) => (verdict.kind === "forget" ? [] : [{ filter: asRead(row), update: updateOf(verdict) }])),
  );
  const spare = verdicts.filter(({ verdict }) => verdict.kind === "forget").map(({ row }) => row);
  const gone = spare.length === 0 ? 0 : await forget(context, spare.slice(0, limit));
  return { definitions: gone, more: suspects.length === most || spare.length >= limit };
}

/** Of one that names no job, or not itself, nobody can tell who uses it. */
const isNamed = ({ jobUid, hash }: Suspect): boolean => isText(jobUid) && isText(hash);

/** Of a job whose fires cannot be read none is known: its definitions are kept by whatever else uses them. */
const pendingHashes = (job: Pick<JobRow, "pending"> | undefined): readonly unknown[] =>
  Array.isArray(job?.pending) ? (job.pending as readonly (PendingFire | null)[]).map((fire) => fire?.definitionHash) : [];

const asRead = ({ _id, named }: Suspect) => ({ _id: { $eq: _id }, named: { $eq: named } });

function updateOf(verdict: Exclude<Verdict, { kind: "forget" }>) {
  if (verdict.kind === "leave") return { $unset: { lookAt: "", found: "" } };
  const { lookAt, found } = verdict;
  return found === null ? { $set: { lookAt }, $unset: { found: "" } } : { $set: { lookAt, found } };
}

/**
 * Each with the token it was read under, and no other's: one call names many definitions, so a token that was read of one row
 * may by now stand in another. One that was named meanwhile has another token, and nothing is found of it.
 */
const forget = ({ rows: { definitions } }: StoreContext, spare: readonly Suspect[]): Promise<number> =>
  definitions.deleteEach(
    [...groupBy(spare, ({ named }) => named)].map(([named, group]) => ({
      _id: { $in: group.map(({ _id }) => _id).sort() },
      named: { $eq: named },
      "found.use": { $eq: "nobody" },
    })),
  );

/**
 * Who uses them; those nobody uses are left out. Jobs are read before runs: what leaves `pending` is a run by then, so
 * that no run slips from the one to the other unseen.
 */
async function readUses({ rows }: StoreContext, suspects: readonly Suspect[], now: Instant): Promise<Map<string, Use>> {
  const uses = new Map<string, Use>();
  // As if a run did: it stays, and is looked at again much later, so that it takes no place of others.
  for (const suspect of suspects) if (!isNamed(suspect)) uses.set(suspect._id, { by: "run", firedAt: now });
  const named = suspects.filter(isNamed);
  if (named.length === 0) return uses;
  const jobUids = [...new Set(named.map(({ jobUid }) => jobUid))];
  const jobs = await rows.jobs.find({ _id: { $in: jobUids } }, { fields: ["definitionHash", "pending.definitionHash"] });
  const jobOf = new Map(jobs.map((job) => [job._id, job]));
  const left: Suspect[] = [];
  for (const suspect of named) {
    const job = jobOf.get(suspect.jobUid);
    if (job?.definitionHash === suspect.hash) uses.set(suspect._id, { by: "job" });
    else if (pendingHashes(job).includes(suspect.hash)) uses.set(suspect._id, { by: "run", firedAt: now });
    else left.push(suspect);
  }
  for (let from = 0; from < left.length; from += QUERIES_MAX) {
    await Promise.all(
      left.slice(from, from + QUERIES_MAX).map(async ({ _id, jobUid, hash }) => {
        const filter = { jobUid: { $eq: jobUid }, definitionHash: { $eq: hash } };
        const [run] = await rows.runs.find(filter, { limit: 1, fields: ["firedAt"] });
        if (run !== undefined) uses.set(_id, { by: "run", firedAt: run.firedAt });
      }),
    );
  }
  return uses;
}
