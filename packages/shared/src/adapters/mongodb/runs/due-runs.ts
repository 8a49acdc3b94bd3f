import { nextBackoffMs } from "../../../domain/time/backoff.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { wasAsideSince } from "../../../domain/policy/overlap.ts";
import { publicationPlace } from "../../../domain/queue/priority.ts";
import type { DueRun } from "../../../domain/run/due-run.ts";
import type { DueRuns, Publication } from "../../../ports/runs/due-runs.ts";
import { readEnough } from "../../../runtime/batch/read-enough.ts";
import { type Change, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { closeWaiting } from "./close-waiting.ts";
import { readDueRuns, readQueues } from "./due-run-reads.ts";
import { resetWaits } from "./reset-waits.ts";
import { inShardQuery } from "./run-changes.ts";
import { IN_PUBLICATION_ORDER, type RunRow, standing } from "./run-row.ts";
import { wakeRuns } from "./wake.ts";

export function createDueRuns(context: StoreContext): DueRuns {
  const { runs } = context.rows;
  return {
    async publishable({ unclaimed = false, ...query }) {
      const found = await readWaiting(context, "publishable", query);
      if (!unclaimed) return found;
      const both = [...found, ...(await readWaiting(context, "published", query))];
      return both.sort((left, right) => (publicationPlace(left) < publicationPlace(right) ? -1 : 1)).slice(0, query.limit);
    },
    queues: (shard) => readQueues(context, standing("publishable"), shard),
    published: (request) => notePublished(context, request),
    unclaimed: (shard) => runs.countBy("queue", { ...standing("published"), ...inShardQuery(shard) }),
    unclaimedRescued: (shard, rescuesMin) =>
      runs.countBy("queue", { ...standing("published"), ...inShardQuery(shard), rescues: { $gte: rescuesMin } }),
    wake: (request) => wakeRuns(context, request),
    resetWaits: (request) => resetWaits(context, request),
    closeWaiting: (request) => closeWaiting(context, request),
  };
}

/** Each standing is read by itself: so each read is one range of the index, in its order. */
function readWaiting(
  context: StoreContext,
  stands: "publishable" | "published",
  { shard, queue, limit: runsMax, rescuesBelow, handlers }: Parameters<DueRuns["publishable"]>[0],
): Promise<readonly DueRun[]> {
  const rescues = rescuesBelow === undefined ? {} : { rescues: { $not: { $gte: rescuesBelow } } };
  const ofSome = handlers === undefined ? {} : { handler: { $in: [...handlers] } };
  const filter = { ...standing(stands), queue: { $eq: queue }, ...inShardQuery(shard), ...rescues, ...ofSome };
  return readEnough(runsMax, async (limit) =>
    readDueRuns(context, await context.rows.runs.find(filter, { sort: IN_PUBLICATION_ORDER, limit })),
  );
}

type PublishedRequest = Parameters<DueRuns["published"]>[0];

/** Publications of equal attempt that follow the same wait; null: the first ones. */
interface Alike {
  readonly runIds: readonly string[];
  readonly attempt: number;
  readonly previousMs: number | null;
  /** They have waited for another run of their job. */
  readonly wasAside: boolean;
}

/** Records first publications without reading the rows; the last wait is read only for runs that were published before. */
async function notePublished({ rows: { runs } }: StoreContext, request: PublishedRequest): Promise<void> {
  const { runs: publications } = request;
  const first = [...Map.groupBy(publications, ({ attempt }) => attempt)].map(([attempt, group]) =>
    noteAlike({ runIds: group.map(({ runId }) => runId), attempt, previousMs: null, wasAside: false }, request),
  );
  const { matched } = await runs.updateEach(first);
  if (matched === publications.length) return;
  const byRun = new Map(publications.map((publication) => [publication.runId, publication]));
  const filter = { ...withIds(byRun.keys()), ...standing("publishable") };
  const found = await runs.find(filter, { fields: ["attempt", "repeatMs", "asideAt"] });
  const repeated = found.filter((row) => isRepeat(row, byRun.get(row._id), request.now));
  const repeats = Map.groupBy(repeated, ({ attempt, repeatMs, asideAt }) => `${attempt} ${repeatMs} ${asideAt === undefined}`);
  await runs.updateEach(
    [...repeats.values()].map((group) => {
      const { attempt, repeatMs: previousMs = null, asideAt } = group[0] as RunRow;
      return noteAlike({ runIds: group.map(({ _id }) => _id), attempt, previousMs, wasAside: asideAt !== undefined }, request);
    }),
  );
}

function noteAlike({ runIds, attempt, previousMs, wasAside }: Alike, { now, repeatMs, repeatMsMax }: PublishedRequest): Change {
  const waitMs = nextBackoffMs(previousMs, repeatMs, repeatMsMax);
  return {
    filter: {
      ...withIds(runIds),
      state: { $eq: "due" },
      attempt: { $eq: attempt },
      ...standing("publishable"),
      repeatMs: previousMs === null ? { $exists: false } : { $eq: previousMs },
      asideAt: { $exists: wasAside },
    },
    update: { $set: { standing: "published", repeatMs: waitMs, wakeAt: now + waitMs } },
  };
}

/** The publication was not the first one, and still applies to its run. */
const isRepeat = ({ attempt, repeatMs, asideAt }: RunRow, publication: Publication | undefined, now: Instant): boolean =>
  attempt === publication?.attempt &&
  (repeatMs !== undefined || asideAt !== undefined) &&
  !wasAsideSince(asideAt ?? 0, { publishedAt: publication.publishedAt, now });
