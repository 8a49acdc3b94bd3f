import { nextBackoffMs } from "../../../domain/time/backoff.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { wasAsideSince } from "../../../domain/policy/overlap.ts";
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
    publishable({ shard, queue, limit: runsMax, rescuesBelow }) {
      const rescues = rescuesBelow === undefined ? {} : { rescues: { $not: { $gte: rescuesBelow } } };
      const filter = { ...standing("publishable"), queue: { $eq: queue }, ...inShardQuery(shard), ...rescues };
      return readEnough(runsMax, async (limit) => readDueRuns(context, await runs.find(filter, { sort: IN_PUBLICATION_ORDER, limit })));
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
