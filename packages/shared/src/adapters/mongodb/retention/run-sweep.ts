import type { Instant } from "../../../domain/time/instant.ts";
import { runIdFloor } from "../../../domain/run/run-id.ts";
import type { RetentionRequest } from "../../../ports/store/retention.ts";
import type { StoreContext } from "../context.ts";
import { below } from "../collections/indexes.ts";
import { behindPosition } from "../collections/position.ts";
import { type Filter, withIds } from "../collections/rows.ts";
import { readMeta } from "../meta.ts";
import type { RunRow } from "../runs/run-row.ts";

export interface RunsSwept {
  readonly runs: number;
  /** True when there may be more that ended so long ago. */
  readonly more: boolean;
}

type Request = Pick<RetentionRequest, "endedBefore" | "limit">;

/** Deletes runs that ended long ago, a page a call. */
export type RunSweep = (request: Request) => Promise<RunsSwept>;

/** Runs with the same kind of end, in an index of their own, without open runs. */
interface Kind {
  /** When they ended, in the order of that index. */
  readonly field: "settledAt" | "finishedAt";
  readonly filter: Filter;
}

/** Completed runs are first applied to the status of their job, by `settledAt`. Skipped and missed runs change no job's status, and have no `settledAt`. */
const COMPLETED: Kind = { field: "settledAt", filter: {} };
const SKIPPED: Kind = { field: "finishedAt", filter: { state: { $eq: "skipped" } } };
const MISSED: Kind = { field: "finishedAt", filter: { state: { $eq: "missed" } } };

/** One kind after the other. A call continues where the last one stopped; after all kinds the next call restarts. */
export function createRunSweep({ rows }: Pick<StoreContext, "rows">): RunSweep {
  const sweeps = [COMPLETED, SKIPPED, MISSED].map((kind) => createKindSweep(rows, kind));
  let through = 0;

  return async ({ endedBefore, limit }) => {
    const foldedBefore = await readMeta(rows.meta, "watermark");
    let runs = 0;
    for (const sweep of sweeps.slice(through)) {
      if (runs === limit) return { runs, more: true };
      const swept = await sweep({ endedBefore, limit: limit - runs, foldedBefore });
      runs += swept.runs;
      if (swept.more) return { runs, more: true };
      through += 1;
    }
    through = 0;
    return { runs, more: false };
  };
}

interface KindRequest extends Request {
  /** Runs settled before this are applied to the status of their job. */
  readonly foldedBefore: number;
}

type Ended = Pick<RunRow, "_id" | "finishedAt" | "settledAt" | "announce">;

/**
 * In the order in which they ended. Runs that are not announced yet stay, and are skipped: each call continues after the last
 * page, and after the end from the beginning. So one call reads one page, however many of those there are.
 */
function createKindSweep({ runs }: StoreContext["rows"], { field, filter }: Kind): (request: KindRequest) => Promise<RunsSwept> {
  let after: Ended | null = null;

  return async ({ endedBefore, limit, foldedBefore }) => {
    const before = field === "settledAt" ? Math.min(endedBefore, foldedBefore) : endedBefore;
    const from = after?.[field] ?? Number.MIN_SAFE_INTEGER;
    const behind = after === null ? {} : behindPosition(field, { value: from, id: after._id }, "$gt");
    const page: readonly Ended[] = await runs.find(
      { ...filter, [field]: { ...below(before), $gte: from }, ...behind },
      { sort: { [field]: 1, _id: 1 }, limit, fields: ["finishedAt", "settledAt", "announce"] },
    );
    const more = page.length === limit;
    after = more ? (page.at(-1) ?? null) : null;
    const over = page.filter((row) => isOver(row, endedBefore)).map(({ _id }) => _id);
    return { runs: await runs.deleteMany({ ...withIds(over), announce: { $exists: false } }), more };
  };
}

/**
 * The executor's clock may be ahead of the store's, by which it was settled. A run whose instant is in the future stays, whenever it ended: its row
 * keeps that instant from being fired again.
 */
const isOver = ({ _id, announce, finishedAt = 0 }: Ended, endedBefore: Instant): boolean =>
  announce === undefined && finishedAt < endedBefore && _id < runIdFloor(endedBefore);
