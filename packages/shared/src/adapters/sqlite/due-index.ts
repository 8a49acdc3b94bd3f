import { inRange } from "../../domain/slot.ts";
import type { UpcomingQuery } from "../../ports/due-jobs.ts";
import { JOB_STATE } from "./codes.ts";
import type { JobTable } from "./job-table.ts";
import { compareTexts } from "./uid-index.ts";

/**
 * Active jobs by (`nextRunAt`, uid), in memory: an index in the file would be rewritten by every fire, for half the
 * speed. Only jobs up to some time ahead are kept sorted; the others are found by going through the column once, which
 * takes 0.1 ms for 100,000 jobs.
 */
export interface DueIndex {
  /** Tells that a job's next instant or state has changed. */
  moved(key: number): void;
  /** Keys of the jobs asked for, in order. */
  page(query: UpcomingQuery): number[];
}

/** Sorted this much further than asked for, so that the column is not gone through for each query. */
const AHEAD_MS = 1_000;
/** Outdated entries at the front are cut off from here on. */
const CUT_ENTRIES = 4_096;

interface Entry {
  readonly at: number;
  readonly key: number;
}

export function createDueIndex(jobs: JobTable): DueIndex {
  let ats: number[] = [];
  let keys: number[] = [];
  let first = 0;
  let added: Entry[] = [];
  let coveredTo = Number.NEGATIVE_INFINITY;

  // An entry is valid as long as it is what the table says; the others are passed over.
  const valid = (key: number, at: number): boolean => jobs.state[key] === JOB_STATE.active && jobs.nextRunAt[key] === at;
  const order = (left: Entry, right: Entry): number => left.at - right.at || jobs.uids.compare(left.key, right.key);

  function cover(until: number): void {
    if (until <= coveredTo) return;
    const to = until + AHEAD_MS;
    const found: Entry[] = [];
    for (let key = 1; key <= jobs.lastKey; key += 1) {
      const at = jobs.nextRunAt[key] as number;
      if (at > coveredTo && at <= to && jobs.state[key] === JOB_STATE.active) found.push({ at, key });
    }
    found.sort(order);
    for (const { at, key } of found) append(at, key);
    coveredTo = to;
  }
  function append(at: number, key: number): void {
    ats.push(at);
    keys.push(key);
  }
  /** Merges what was added since into what is sorted, leaving out what is outdated. */
  function mergeAdded(): void {
    if (added.length === 0) return;
    const fresh = added.filter(({ at, key }) => valid(key, at)).sort(order);
    const [oldAts, oldKeys] = [ats, keys];
    let old = first;
    added = [];
    ats = [];
    keys = [];
    first = 0;
    for (const entry of fresh) {
      while (old < oldAts.length && order({ at: oldAts[old] as number, key: oldKeys[old] as number }, entry) < 0) {
        if (valid(oldKeys[old] as number, oldAts[old] as number)) append(oldAts[old] as number, oldKeys[old] as number);
        old += 1;
      }
      if (keys.at(-1) !== entry.key) append(entry.at, entry.key);
    }
    for (; old < oldAts.length; old += 1) {
      const [at, key] = [oldAts[old] as number, oldKeys[old] as number];
      if (valid(key, at) && keys.at(-1) !== key) append(at, key);
    }
  }
  function cutFront(): void {
    while (first < keys.length && !valid(keys[first] as number, ats[first] as number)) first += 1;
    if (first < CUT_ENTRIES || first * 2 < keys.length) return;
    ats = ats.slice(first);
    keys = keys.slice(first);
    first = 0;
  }
  function startBehind({ nextRunAt, uid }: NonNullable<UpcomingQuery["after"]>): number {
    let [low, high] = [first, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const difference = (ats[middle] as number) - nextRunAt || compareTexts(jobs.uids.uidOf(keys[middle] as number), uid);
      if (difference <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  return {
    moved(key) {
      const at = jobs.nextRunAt[key] as number;
      if (at <= coveredTo && jobs.state[key] === JOB_STATE.active) added.push({ at, key });
    },
    page({ slots, until, after, limit }) {
      cover(until);
      mergeAdded();
      cutFront();
      const found: number[] = [];
      for (let index = after === null ? first : startBehind(after); index < keys.length && found.length < limit; index += 1) {
        const [key, at] = [keys[index] as number, ats[index] as number];
        if (at > until) break;
        if (valid(key, at) && inRange(jobs.slot[key] as number, slots)) found.push(key);
      }
      return found;
    },
  };
}
