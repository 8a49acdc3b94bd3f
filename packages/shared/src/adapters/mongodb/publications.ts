import type { Instant } from "../../domain/instant.ts";
import type { DueRuns, Publication } from "../../ports/due-runs.ts";
import type { StoreContext } from "./context.ts";
import { groupBy } from "./group-by.ts";
import type { Change } from "./rows.ts";
import { type RunRow, standing } from "./run-row.ts";

type PublishedRequest = Parameters<DueRuns["published"]>[0];

/** Publications of equal attempt that follow the same wait; null: the first ones. */
interface Alike {
  readonly runIds: readonly string[];
  readonly attempt: number;
  readonly previousMs: number | null;
}

/** Notes first publications without looking; only when some were published before is their last wait read. */
export async function notePublished(context: StoreContext, request: PublishedRequest): Promise<void> {
  const { runs: publications } = request;
  const first = [...groupBy(publications, ({ attempt }) => attempt)].map(([attempt, group]) => ({
    runIds: group.map(({ runId }) => runId),
    attempt,
    previousMs: null,
  }));
  const { matched } = await context.rows.runs.updateEach(first.map((group) => changeOf(group, request)));
  if (matched === publications.length) return;
  const repeats = groupBy(await readRepeats(context, publications), ({ attempt, repeatMs }) => `${attempt} ${repeatMs}`);
  await context.rows.runs.updateEach(
    [...repeats.values()].map((group) => {
      const { attempt, repeatMs = null } = group[0] as RunRow;
      return changeOf({ runIds: group.map(({ _id }) => _id), attempt, previousMs: repeatMs }, request);
    }),
  );
}

function changeOf({ runIds, attempt, previousMs }: Alike, { now, repeatMs, repeatMsMax }: PublishedRequest): Change {
  const waitMs = Math.min(previousMs === null ? repeatMs : 2 * previousMs, repeatMsMax);
  const wakeAt: Instant = now + waitMs;
  return {
    filter: {
      _id: { $in: runIds.toSorted() },
      state: { $eq: "due" },
      attempt: { $eq: attempt },
      ...standing("publishable"),
      repeatMs: previousMs === null ? { $exists: false } : { $eq: previousMs },
    },
    update: { $set: { standing: "published", repeatMs: waitMs, wakeAt } },
  };
}

async function readRepeats({ rows }: StoreContext, publications: readonly Publication[]): Promise<RunRow[]> {
  const attempts = new Map(publications.map(({ runId, attempt }) => [runId, attempt]));
  const filter = { _id: { $in: [...attempts.keys()] }, ...standing("publishable"), repeatMs: { $exists: true } };
  const found = await rows.runs.find(filter, { fields: ["attempt", "repeatMs"] });
  return found.filter(({ _id, attempt }) => attempts.get(_id) === attempt);
}
