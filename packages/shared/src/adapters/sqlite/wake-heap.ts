import type { OpenRun } from "./open-run.ts";

interface Entry {
  readonly at: number;
  readonly run: OpenRun;
}

/** Runs by when they are to be woken. Entries that no longer hold stay until they surface. */
export interface WakeHeap {
  add(at: number, run: OpenRun): void;
  /** Takes out up to `limit` runs of the slots asked for whose time has come by `now`; `more` if there are others. */
  take(query: { readonly now: number; readonly limit: number; readonly mine: (run: OpenRun) => boolean }): {
    readonly runs: OpenRun[];
    readonly more: boolean;
  };
  /** The earliest time a run that is `mine` has to be woken; null: none. */
  earliest(mine: (run: OpenRun) => boolean): number | null;
}

/** `holds`: the run is still to be woken at that time for this reason. */
export function createWakeHeap(holds: (run: OpenRun, at: number) => boolean): WakeHeap {
  const heap: Entry[] = [];

  function dropOutdated(): Entry | undefined {
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      if (holds(top.run, top.at)) return top;
      pop(heap);
    }
    return undefined;
  }
  return {
    add: (at, run) => push(heap, { at, run }),
    take({ now, limit, mine }) {
      const runs = new Set<OpenRun>();
      const others: Entry[] = [];
      let more = false;
      for (let top = dropOutdated(); top !== undefined && top.at <= now; top = dropOutdated()) {
        if (mine(top.run) && runs.size >= limit) {
          more = true;
          break;
        }
        pop(heap);
        if (mine(top.run)) runs.add(top.run);
        else others.push(top);
      }
      for (const entry of others) push(heap, entry);
      return { runs: [...runs], more };
    },
    earliest(mine) {
      const top = dropOutdated();
      if (top === undefined || mine(top.run)) return top?.at ?? null;
      // Another leader's run is earlier: rare in one process, so the heap is simply gone through.
      let least: number | null = null;
      for (const { at, run } of heap) if (holds(run, at) && mine(run) && (least === null || at < least)) least = at;
      return least;
    },
  };
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Entry;
    if (above.at <= entry.at) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    const smaller = right !== undefined && right.at < left.at ? right : left;
    if (smaller === right) child += 1;
    if (smaller.at >= last.at) break;
    heap[index] = smaller;
    index = child;
  }
  heap[index] = last;
}
