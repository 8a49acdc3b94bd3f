import type { Instant } from "./instant.ts";

interface Timed {
  readonly at: Instant;
}

/** Enters into an array that is a binary heap by `at`, the earliest first. */
export function pushTimed<Entry extends Timed>(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || above.at <= entry.at) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

/** Removes the earliest entry of such an array, which is its first. */
export function popEarliest<Entry extends Timed>(heap: Entry[]): void {
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
