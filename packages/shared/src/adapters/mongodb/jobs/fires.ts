import { AppError } from "../../../domain/app-error.ts";
import { toRunOrigin } from "../../../domain/run/due-run.ts";
import type { Fire } from "../../../domain/fire/fire.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { makeRunId } from "../../../domain/run/run-id.ts";
import { standInDefinition, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { DEFINITION_GRACE_MS } from "../../../ports/store/retention.ts";
import type { FiredRun, FireOutcome } from "../../../ports/jobs/due-jobs.ts";
import { byId, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import type { DefinitionKey } from "./definition-row.ts";
import { groupFires } from "./fire-groups.ts";
import type { JobRow, PendingFire } from "./job-row.ts";
import { clearPending } from "./pending-fires.ts";
import { type MadeRun, makeRuns } from "../runs/run-making.ts";
import { newRunRow, type RunRow } from "../runs/run-row.ts";

const LOST: FireOutcome = { kind: "lost" };

interface FireBatch {
  readonly now: Instant;
  readonly token: string;
}

/**
 * Advances jobs, each by a compare-and-set that puts its runs into `pending`, then makes the runs of the fires that won, and
 * then removes them from `pending` in the background.
 */
export async function fireAll(context: StoreContext, fires: readonly Fire[], now: Instant): Promise<FireOutcome[]> {
  const outcomes = fires.map(() => LOST);
  await nameDefinitions(context, fires, now);
  for (const round of splitRounds(fires)) {
    const ofRound = round.map((index) => fires[index] as Fire);
    const won = await fireRound(context, ofRound, now);
    for (const [place, index] of round.entries()) outcomes[index] = won[place] ?? LOST;
  }
  return outcomes;
}

/**
 * A fire of a job that is not deleted must name definitions that are there, or the whole batch is refused before anything is done. A definition
 * that is named is safe from sweeps for far longer than a fire takes to make its runs, or to leave them in `pending`.
 */
async function nameDefinitions({ rows, definitions }: StoreContext, fires: readonly Fire[], now: Instant): Promise<void> {
  const missing = await definitions.name(fires.flatMap(ownDefinitions), now + DEFINITION_GRACE_MS);
  const filter = { ...withIds(missing.map(({ jobUid }) => jobUid)), state: { $ne: "deleted" } };
  const living = byId(await rows.jobs.find(filter, { fields: ["state"] }));
  const nothing = missing.find(({ jobUid }) => living.has(jobUid));
  if (nothing !== undefined) throw new AppError("internal", `fire ${nothing.jobUid}: no definition ${nothing.definitionHash}`);
}

/** The definitions it names besides that of its job. */
const ownDefinitions = ({ job, entries }: Fire): DefinitionKey[] =>
  entries
    .filter(({ definitionHash }) => definitionHash !== job.definitionHash)
    .map(({ definitionHash }) => ({ jobUid: job.uid, definitionHash }));

/** Indexes of fires, such that no job is twice in one round. Mostly there is one round. */
function splitRounds(fires: readonly Fire[]): number[][] {
  const fired = new Map<string, number>();
  const rounds = Map.groupBy(fires.keys(), (index) => {
    const { uid } = (fires[index] as Fire).job;
    const round = fired.get(uid) ?? 0;
    fired.set(uid, round + 1);
    return round;
  });
  return [...rounds.values()];
}

async function fireRound(context: StoreContext, fires: readonly Fire[], now: Instant): Promise<FireOutcome[]> {
  const token = context.newToken();
  const { matched } = await context.rows.jobs.updateEach(groupFires(fires, { token, now }));
  const wonUids = matched === fires.length ? null : await readWinners(context, fires, token);
  const won = wonUids === null ? fires : fires.filter(({ job }) => wonUids.has(job.uid));
  if (won.length > 0 && context.crashBeforeRuns())
    throw new AppError("store_unavailable", `fire ${won.length} jobs: crashed before their runs`, { retryable: true });
  const runs = await makeFiredRuns(context, won, { now, token });
  return fires.map((fire) => {
    const made = runs.get(fire);
    return made === undefined ? LOST : { kind: "won", runs: made };
  });
}

/** The number of won fires does not show which ones won: that is read back by the token of the batch. */
async function readWinners({ rows }: StoreContext, fires: readonly Fire[], token: string): Promise<Set<string>> {
  const jobs = await rows.jobs.find(withIds(fires.map(({ job }) => job.uid)), { fields: ["fireToken", "pending.token"] });
  const hasPending = ({ pending }: JobRow): boolean =>
    Array.isArray(pending) && (pending as readonly (PendingFire | null)[]).some((entry) => entry?.token === token);
  return new Set(jobs.filter((job) => job.fireToken === token || hasPending(job)).map(({ _id }) => _id));
}

async function makeFiredRuns(context: StoreContext, fires: readonly Fire[], batch: FireBatch): Promise<Map<Fire, FiredRun[]>> {
  const readDefinition = await context.definitions.read(fires.flatMap(ownDefinitions));
  const rows = fires.map((fire) => ({ fire, wanted: toRunRows(context, fire, { ...batch, readDefinition }) }));
  const made = await makeRuns(
    context,
    rows.flatMap(({ wanted }) => wanted),
  );
  const seen = rows.filter(({ wanted }) => wanted.length > 0 && wanted.every(({ _id }) => made.has(_id)));
  if (seen.length > 0)
    context.aside(
      clearPending(
        context,
        seen.map(({ fire }) => ({ jobUid: fire.job.uid, token: batch.token })),
      ),
    );
  return new Map(rows.map(({ fire, wanted }) => [fire, wanted.map((row) => toFiredRun(row, made.get(row._id)))]));
}

/**
 * A fire made the run that has its token, even where a repair inserted the row for it, and where its own
 * statement was sent twice. A run that has another state by now was changed by another call.
 */
function toFiredRun(wanted: RunRow, made: MadeRun | undefined): FiredRun {
  const { state, reason } = made ?? { state: wanted.state, reason: wanted.reason ?? null };
  const created = made !== undefined && made.changedBy === wanted.changedBy && made.state === wanted.state;
  return { runId: wanted._id, state, reason, created, claimed: false };
}

interface RowsRequest extends FireBatch {
  readonly readDefinition: (key: DefinitionKey) => StoredDefinition;
}

function toRunRows({ digest }: StoreContext, { job, entries }: Fire, { now, token, readDefinition }: RowsRequest): RunRow[] {
  return entries.map((entry) => {
    const { cause, scheduledFor, key, definitionHash } = entry;
    const stored = definitionHash === job.definitionHash ? null : readDefinition({ jobUid: job.uid, definitionHash });
    const definition = stored?.kind === "unreadable" ? standInDefinition(job.definition) : (stored?.definition ?? job.definition);
    const runId = makeRunId(digest, { jobUid: job.uid, cause, scheduledFor, key });
    return newRunRow(runId, { ...toRunOrigin({ ...job, definition }), definitionHash }, { ...entry, firedAt: now, token });
  });
}
