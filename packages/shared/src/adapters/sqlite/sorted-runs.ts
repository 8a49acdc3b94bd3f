import type { OpenRun } from "./open-run.ts";

/** Runs in the order of their ids. Walks must not be mixed with changes: take first, then change. */
export interface SortedRuns {
  add(run: OpenRun): void;
  drop(run: OpenRun): void;
  readonly first: OpenRun | undefined;
  ascending(): Generator<OpenRun>;
  /** From the last whose id is less than this one, down. */
  descendingBelow(runId: string): Generator<OpenRun>;
}

/** An array of 50,000 would be moved by every insert; of this many runs it costs nothing. */
const CHUNK_RUNS_MAX = 256;

export function createSortedRuns(): SortedRuns {
  const chunks: OpenRun[][] = [];
  /** The first chunk that ends with this id or a later one; their number, if all end before it. */
  const chunkOf = (runId: string): number => lowerBound(chunks, (chunk) => (chunk.at(-1) as OpenRun).runId < runId);

  return {
    add(run) {
      const index = Math.min(chunkOf(run.runId), Math.max(0, chunks.length - 1));
      const chunk = (chunks[index] ??= []);
      chunk.splice(placeIn(chunk, run.runId), 0, run);
      if (chunk.length > CHUNK_RUNS_MAX) chunks.splice(index + 1, 0, chunk.splice(CHUNK_RUNS_MAX / 2));
    },
    drop(run) {
      const index = chunkOf(run.runId);
      const chunk = chunks[index];
      const place = chunk === undefined ? 0 : placeIn(chunk, run.runId);
      if (chunk?.[place] !== run) return;
      chunk.splice(place, 1);
      if (chunk.length === 0) chunks.splice(index, 1);
    },
    get first() {
      return chunks[0]?.[0];
    },
    *ascending() {
      for (const chunk of chunks) yield* chunk;
    },
    *descendingBelow(runId) {
      for (let index = Math.min(chunkOf(runId), chunks.length - 1); index >= 0; index -= 1) {
        const chunk = chunks[index] as OpenRun[];
        for (let place = placeIn(chunk, runId) - 1; place >= 0; place -= 1) yield chunk[place] as OpenRun;
      }
    },
  };
}

/** Where the run of this id is, or belongs. */
const placeIn = (chunk: readonly OpenRun[], runId: string): number => lowerBound(chunk, (run) => run.runId < runId);

/** How many items at the front satisfy `precedes`; those that do all stand before those that do not. */
function lowerBound<Item>(items: readonly Item[], precedes: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (precedes(items[middle] as Item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
