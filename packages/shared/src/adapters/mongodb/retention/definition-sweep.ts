import type { Instant } from "../../../domain/time/instant.ts";
import { isText } from "../../../domain/json/stored-value.ts";
import { DEFINITION_GRACE_MS, type RetentionRequest } from "../../../ports/store/retention.ts";
import { inParallel } from "../../../runtime/batch/in-parallel.ts";
import { upTo } from "../collections/indexes.ts";
import { byId, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import type { DefinitionRow, Finding } from "../jobs/definition-row.ts";
import type { JobRow, PendingFire } from "../jobs/job-row.ts";

/** Definitions checked in one sweep, as a multiple of those it may delete: the definitions of jobs must not hide others. */
const LOOKED_AT = 4;
/** And at most this many: for each definition that is not its job's own, one query reads the runs. */
const LOOKED_AT_MAX = 200;
/** Concurrent queries of this kind. */
const QUERIES_MAX = 10;
/** A definition whose runs are kept is checked again after this part of their age: runs that are kept for weeks are not read every hour. */
const AGE_PARTS = 4;

export interface DefinitionsSwept {
  readonly definitions: number;
  /** True when there may be more to check at once. */
  readonly more: boolean;
}

type Candidate = Pick<DefinitionRow, "_id" | "jobUid" | "hash" | "named" | "found">;

/** What references a definition: its job, a run, or nothing. */
export type Use = { readonly by: "job" | "nobody" } | { readonly by: "run"; readonly firedAt: Instant };

/** `leave`: no sweep has to check it again. */
type Verdict =
  | { readonly kind: "forget" }
  | { readonly kind: "leave" }
  | { readonly kind: "look again"; readonly lookAt: Instant; readonly found: Finding | null };

/**
 * A sweep that finds a definition unused, or used by its job, acts on it only if another sweep found the same a whole grace
 * before and the definition was not named since. A definition is named in one call, and used or abandoned in another. A sweep
 * between the two calls sees a state that is about to change.
 */
export function judgeDefinition({ found }: Pick<DefinitionRow, "found">, use: Use, now: Instant): Verdict {
  if (use.by === "run") {
    const waitMs = Math.max(DEFINITION_GRACE_MS, Math.ceil((now - use.firedAt) / AGE_PARTS));
    return { kind: "look again", lookAt: now + waitMs, found: null };
  }
  const since = found?.use === use.by ? found.since : now;
  if (now - since < DEFINITION_GRACE_MS) return { kind: "look again", lookAt: since + DEFINITION_GRACE_MS, found: { use: use.by, since } };
  return { kind: use.by === "job" ? "leave" : "forget" };
}

/**
 * Deletes definitions that neither their job nor any run uses. A call that names one first gives it a token of its own, and
 * every write of a sweep compares the token that the sweep read. So either the state that it read still holds, or nothing is written,
 * however many processes sweep at once and however long one of them was suspended in between.
 */
export async function sweepDefinitions(
  context: StoreContext,
  { now, limit }: Pick<RetentionRequest, "now" | "limit">,
): Promise<DefinitionsSwept> {
  const { definitions } = context.rows;
  const most = Math.min(LOOKED_AT * limit, LOOKED_AT_MAX);
  const query = { sort: { lookAt: 1 }, limit: most, fields: ["jobUid", "hash", "named", "found"] } as const;
  const candidates: readonly Candidate[] = await definitions.find({ lookAt: upTo(now) }, query);
  const uses = await readUses(context, candidates, now);
  const unreferenced: Candidate[] = [];
  const changes = candidates.flatMap((row, index) => {
    const verdict = judgeDefinition(row, uses[index] as Use, now);
    if (verdict.kind !== "forget") return [{ filter: { _id: { $eq: row._id }, named: { $eq: row.named } }, update: toUpdate(verdict) }];
    unreferenced.push(row);
    return [];
  });
  await definitions.updateEach(changes);
  const gone = await forget(context, unreferenced.slice(0, limit));
  return { definitions: gone, more: candidates.length === most || unreferenced.length >= limit };
}

function toUpdate(verdict: Exclude<Verdict, { kind: "forget" }>) {
  if (verdict.kind === "leave") return { $unset: { lookAt: "", found: "" } };
  const { lookAt, found } = verdict;
  return found === null ? { $set: { lookAt }, $unset: { found: "" } } : { $set: { lookAt, found } };
}

/**
 * Each with the token that was read from its own row. One call names many definitions, so a token that was read from one row
 * may by now be in another. A definition that was named meanwhile has another token, so it does not match.
 */
const forget = ({ rows: { definitions } }: StoreContext, unreferenced: readonly Candidate[]): Promise<number> =>
  definitions.deleteEach(
    [...Map.groupBy(unreferenced, ({ named }) => named)].map(([named, group]) => ({
      ...withIds(group.map(({ _id }) => _id)),
      named: { $eq: named },
      "found.use": { $eq: "nobody" },
    })),
  );

/** Without its job or hash, the references of a definition cannot be found. */
const isNamed = ({ jobUid, hash }: Candidate): boolean => isText(jobUid) && isText(hash);

/** If the fires of a job cannot be read, none of their definitions is known: other references keep them. */
const pendingHashes = (job: Pick<JobRow, "pending"> | undefined): readonly unknown[] =>
  Array.isArray(job?.pending) ? (job.pending as readonly (PendingFire | null)[]).map((fire) => fire?.definitionHash) : [];

/**
 * The users of each definition. Jobs are read before runs: an entry that leaves `pending` is a run by then, so
 * no run moves from one to the other unseen.
 */
async function readUses({ rows }: StoreContext, candidates: readonly Candidate[], now: Instant): Promise<Use[]> {
  const jobUids = new Set(candidates.filter(isNamed).map(({ jobUid }) => jobUid));
  const jobs = byId(await rows.jobs.find(withIds(jobUids), { fields: ["definitionHash", "pending.definitionHash"] }));
  async function readUse(candidate: Candidate): Promise<Use> {
    // As if a run used it: it stays, and is checked again much later, so that it hides no others.
    if (!isNamed(candidate)) return { by: "run", firedAt: now };
    const { jobUid, hash } = candidate;
    const job = jobs.get(jobUid);
    if (job?.definitionHash === hash) return { by: "job" };
    if (pendingHashes(job).includes(hash)) return { by: "run", firedAt: now };
    const filter = { jobUid: { $eq: jobUid }, definitionHash: { $eq: hash } };
    const [run] = await rows.runs.find(filter, { limit: 1, fields: ["firedAt"] });
    return run === undefined ? { by: "nobody" } : { by: "run", firedAt: run.firedAt };
  }
  return inParallel(candidates, { atOnce: QUERIES_MAX, work: readUse });
}
