import { nextBackoffMs } from "../../../domain/backoff.ts";
import type { Instant } from "../../../domain/instant.ts";
import { wasAsideSince } from "../../../domain/overlap.ts";
import type { DueRuns, Publication } from "../../../ports/due-runs.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import type { Change } from "../collections/rows.ts";
import { type RunRow, standing } from "./run-row.ts";

type PublishedRequest = Parameters<DueRuns["published"]>[0];

/** Publications of equal attempt that follow the same wait; null: the first ones. */
interface Alike {
  readonly runIds: readonly string[];
  readonly attempt: number;
  readonly previousMs: number | null;
  /** They have waited for another run of their job. */
  readonly wasAside: boolean;
}

/** Notes first publications without looking; only when some were published before is their last wait read. */
export async function notePublished(context: StoreContext, request: PublishedRequest): Promise<void> {
  const { runs: publications } = request;
  const first = [...groupBy(publications, ({ attempt }) => attempt)].map(([attempt, group]) => ({
    runIds: group.map(({ runId }) => runId),
    attempt,
    previousMs: null,
    wasAside: false,
  }));
  const { matched } = await context.rows.runs.updateEach(first.map((group) => changeOf(group, request)));
  if (matched === publications.length) return;
  const repeats = groupBy(
    await readRepeats(context, request),
    ({ attempt, repeatMs, asideAt }) => `${attempt} ${repeatMs} ${asideAt === undefined}`,
  );
  await context.rows.runs.updateEach(
    [...repeats.values()].map((group) => {
      const { attempt, repeatMs = null, asideAt } = group[0] as RunRow;
      const runIds = group.map(({ _id }) => _id);
      return changeOf({ runIds, attempt, previousMs: repeatMs, wasAside: asideAt !== undefined }, request);
    }),
  );
}

function changeOf({ runIds, attempt, previousMs, wasAside }: Alike, { now, repeatMs, repeatMsMax }: PublishedRequest): Change {
  const waitMs = nextBackoffMs(previousMs, repeatMs, repeatMsMax);
  const wakeAt: Instant = now + waitMs;
  return {
    filter: {
      _id: { $in: runIds.toSorted() },
      state: { $eq: "due" },
      attempt: { $eq: attempt },
      ...standing("publishable"),
      repeatMs: previousMs === null ? { $exists: false } : { $eq: previousMs },
      asideAt: { $exists: wasAside },
    },
    update: { $set: { standing: "published", repeatMs: waitMs, wakeAt } },
  };
}

async function readRepeats({ rows }: StoreContext, { runs: publications, now }: PublishedRequest): Promise<RunRow[]> {
  const byId = new Map(publications.map((publication) => [publication.runId, publication]));
  const found = await rows.runs.find(
    { _id: { $in: [...byId.keys()] }, ...standing("publishable") },
    { fields: ["attempt", "repeatMs", "asideAt"] },
  );
  return found.filter(({ _id, attempt, repeatMs, asideAt }) => {
    const { attempt: published, publishedAt } = byId.get(_id) ?? ({ attempt: 0 } as Partial<Publication>);
    return attempt === published && (repeatMs !== undefined || asideAt !== undefined) && !wasAsideSince(asideAt ?? 0, { publishedAt, now });
  });
}
