import { AppError } from "../../../domain/app-error.ts";
import { originOf } from "../../../domain/due-run.ts";
import type { Fire } from "../../../domain/fire.ts";
import type { Instant } from "../../../domain/instant.ts";
import { runIdOf } from "../../../domain/run-id.ts";
import { standInDefinition } from "../../../domain/stored-definition.ts";
import { DEFINITION_GRACE_MS } from "../../../ports/retention.ts";
import type { FiredRun, FireOutcome } from "../../../ports/due-jobs.ts";
import type { StoreContext } from "../context.ts";
import type { DefinitionKey } from "./definition-row.ts";
import { groupFires } from "./fire-groups.ts";
import type { PendingFire } from "./job-row.ts";
import { clearPending, type PendingPlace } from "./pending-fires.ts";
import { type MadeRun, makeRuns } from "../runs/run-making.ts";
import { newRunRow, type RunRow } from "../runs/run-row.ts";

const LOST: FireOutcome = { kind: "lost" };

interface FireBatch {
  readonly now: Instant;
  readonly token: string;
}

/**
 * Advances jobs, each by a compare-and-set that puts its runs into `pending`, then makes the runs of those that won, and
 * then takes them out of `pending`, which nobody has to wait for.
 */
export async function fireAll(context: StoreContext, fires: readonly Fire[], now: Instant): Promise<FireOutcome[]> {
  const outcomes = fires.map(() => LOST);
  await nameDefinitions(context, fires, now);
  for (const round of roundsOf(fires)) {
    const won = await fireRound(
      context,
      round.map((index) => fires[index] as Fire),
      now,
    );
    for (const [place, index] of round.entries()) outcomes[index] = won[place] ?? LOST;
  }
  return outcomes;
}

/**
 * A fire of a job that lives must name definitions that are there, or all is refused before anything is done. Named, they
 * are safe from sweeps for far longer than a fire takes to make its runs, or to leave them in `pending`.
 */
async function nameDefinitions({ rows, definitions }: StoreContext, fires: readonly Fire[], now: Instant): Promise<void> {
  const missing = await definitions.name(fires.flatMap(namedBy), now + DEFINITION_GRACE_MS);
  if (missing.length === 0) return;
  const jobs = await rows.jobs.find(
    { _id: { $in: missing.map(({ jobUid }) => jobUid) }, state: { $ne: "deleted" } },
    { fields: ["state"] },
  );
  const living = new Set(jobs.map(({ _id }) => _id));
  const nothing = missing.find(({ jobUid }) => living.has(jobUid));
  if (nothing !== undefined) throw new AppError("internal", `fire ${nothing.jobUid}: no definition ${nothing.definitionHash}`);
}

/** The definitions it names besides that of its job. */
const namedBy = ({ job, entries }: Fire): DefinitionKey[] =>
  entries
    .filter(({ definitionHash }) => definitionHash !== job.definitionHash)
    .map(({ definitionHash }) => ({ jobUid: job.uid, definitionHash }));

/** Indexes of fires such that no job stands twice in one round. Mostly there is one round. */
function roundsOf(fires: readonly Fire[]): number[][] {
  const rounds: number[][] = [];
  const fired = new Map<string, number>();
  for (const [index, { job }] of fires.entries()) {
    const round = fired.get(job.uid) ?? 0;
    fired.set(job.uid, round + 1);
    (rounds[round] ??= []).push(index);
  }
  return rounds;
}

async function fireRound(context: StoreContext, fires: readonly Fire[], now: Instant): Promise<FireOutcome[]> {
  const token = context.newToken();
  const { matched } = await context.rows.jobs.updateEach(groupFires(fires, { token, now }));
  const wonUids = matched === fires.length ? null : await readWinners(context, fires, token);
  const won = wonUids === null ? fires : fires.filter(({ job }) => wonUids.has(job.uid));
  if (won.length > 0 && context.crashBeforeRuns())
    throw new AppError("store_unavailable", `fire ${won.length} jobs: crashed before their runs`, { retryable: true });
  const runs = await makeRunsOf(context, won, { now, token });
  return fires.map((fire) => {
    const made = runs.get(fire);
    return made === undefined ? LOST : { kind: "won", runs: made };
  });
}

/** Not all are known to have won by their number alone, so who did is read back by the token of the batch. */
async function readWinners({ rows }: StoreContext, fires: readonly Fire[], token: string): Promise<Set<string>> {
  const jobs = await rows.jobs.find({ _id: { $in: fires.map(({ job }) => job.uid) } }, { fields: ["fireToken", "pending.token"] });
  return new Set(
    jobs
      .filter(
        (job) =>
          job.fireToken === token ||
          (Array.isArray(job.pending) && (job.pending as readonly (PendingFire | null)[]).some((entry) => entry?.token === token)),
      )
      .map(({ _id }) => _id),
  );
}

async function makeRunsOf(context: StoreContext, fires: readonly Fire[], batch: FireBatch): Promise<Map<Fire, FiredRun[]>> {
  const rows = await rowsOf(context, fires, batch);
  const made = await makeRuns(context, [...rows.values()].flat());
  const fired = new Map<Fire, FiredRun[]>();
  const seen: PendingPlace[] = [];
  for (const [fire, wanted] of rows) {
    if (wanted.length > 0 && wanted.every(({ _id }) => made.has(_id))) seen.push({ jobUid: fire.job.uid, token: batch.token });
    fired.set(
      fire,
      wanted.map((row) => firedRunOf(row, made.get(row._id))),
    );
  }
  if (seen.length > 0) context.aside(clearPending(context, seen));
  return fired;
}

/**
 * A fire made the run that stands under its token, even where a repair inserted the row for it, and where its own
 * statement was sent twice. One that has since become something else has had a life of its own.
 */
function firedRunOf(wanted: RunRow, made: MadeRun | undefined): FiredRun {
  const { state, reason } = made ?? { state: wanted.state, reason: wanted.reason ?? null };
  const created = made !== undefined && made.changedBy === wanted.changedBy && made.state === wanted.state;
  return { runId: wanted._id, state, reason, created, claimed: false };
}

async function rowsOf({ definitions, digest }: StoreContext, fires: readonly Fire[], batch: FireBatch): Promise<Map<Fire, RunRow[]>> {
  const definitionOf = await definitions.of(fires.flatMap(namedBy));
  const rowOf = ({ job }: Fire, entry: Fire["entries"][number]): RunRow => {
    const { cause, scheduledFor, key, definitionHash } = entry;
    const own = { jobUid: job.uid, definitionHash };
    const stored = definitionHash === job.definitionHash ? null : definitionOf(own);
    const definition = stored?.kind === "read" ? stored.definition : stored === null ? job.definition : standInDefinition(job.definition);
    const origin = { ...originOf({ ...job, definition }), definitionHash };
    return newRunRow(runIdOf(digest, { jobUid: job.uid, cause, scheduledFor, key }), origin, {
      ...entry,
      firedAt: batch.now,
      token: batch.token,
    });
  };
  return new Map(fires.map((fire) => [fire, fire.entries.map((entry) => rowOf(fire, entry))]));
}
