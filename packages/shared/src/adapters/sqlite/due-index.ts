import { isInShard } from "../../domain/slot.ts";
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

interface DueState {
  readonly jobs: JobTable;
  /** Sorted entries from `first` on. An entry is valid as long as it is what the table says; the others are passed over. */
  ats: number[];
  keys: number[];
  first: number;
  /** Entries that came since. */
  added: Entry[];
  /** Jobs up to here are among the entries. */
  coveredTo: number;
}

export function createDueIndex(jobs: JobTable): DueIndex {
  const state: DueState = { jobs, ats: [], keys: [], first: 0, added: [], coveredTo: Number.NEGATIVE_INFINITY };
  return {
    moved(key) {
      const at = jobs.nextRunAt[key] as number;
      if (at <= state.coveredTo && jobs.state[key] === JOB_STATE.active) state.added.push({ at, key });
    },
    page({ until, ...query }) {
      if (until === null) return collectAnyhow(state, query);
      cover(state, until);
      if (state.added.length > 0) mergeAdded(state);
      cutFront(state);
      return collect(state, { ...query, until });
    },
  };
}

/**
 * Goes through the column for one page, and keeps nothing sorted: what is read once after the clock was set back must not make each later
 * fire dearer. 2 ms for 100,000 jobs of one instant.
 */
function collectAnyhow({ jobs }: DueState, { shard, after, limit }: Omit<UpcomingQuery, "until">): number[] {
  const order = (left: number, right: number): number =>
    (jobs.nextRunAt[left] as number) - (jobs.nextRunAt[right] as number) || jobs.uids.compare(left, right);
  const isBehind = behind(jobs, after);
  let page: number[] = [];
  /** A page is full of jobs up to this one. */
  let last = 0;
  for (let key = 1; key <= jobs.lastKey; key += 1) {
    if (jobs.state[key] !== JOB_STATE.active || !isBehind(key) || !isInShard(jobs.slot[key] as number, shard)) continue;
    if (last !== 0 && order(key, last) > 0) continue;
    page.push(key);
    if (page.length < 2 * limit) continue;
    page = page.sort(order).slice(0, limit);
    last = page.at(-1) as number;
  }
  return page.sort(order).slice(0, limit);
}

/** Whether a job that has an instant comes behind this position. */
function behind(jobs: JobTable, after: UpcomingQuery["after"]): (key: number) => boolean {
  if (after === null) return (key) => !Number.isNaN(jobs.nextRunAt[key] as number);
  const { nextRunAt, uid } = after;
  const afterKey = jobs.uids.find(uid);
  const isLater = (key: number): boolean =>
    afterKey === 0 ? compareTexts(jobs.uids.uidOf(key), uid) > 0 : jobs.uids.compare(key, afterKey) > 0;
  return (key) => {
    const at = jobs.nextRunAt[key] as number;
    return at > nextRunAt || (at === nextRunAt && isLater(key));
  };
}

const isValid = ({ jobs }: DueState, key: number, at: number): boolean =>
  jobs.state[key] === JOB_STATE.active && jobs.nextRunAt[key] === at;

const orderIn =
  ({ jobs }: DueState) =>
  (left: Entry, right: Entry): number =>
    left.at - right.at || jobs.uids.compare(left.key, right.key);

/** Finds the jobs up to a time, and somewhat further. */
function cover(state: DueState, until: number): void {
  const { jobs, coveredTo } = state;
  if (until <= coveredTo) return;
  const to = until + AHEAD_MS;
  const found: Entry[] = [];
  for (let key = 1; key <= jobs.lastKey; key += 1) {
    const at = jobs.nextRunAt[key] as number;
    if (at > coveredTo && at <= to && jobs.state[key] === JOB_STATE.active) found.push({ at, key });
  }
  for (const { at, key } of found.sort(orderIn(state))) append(state, at, key);
  state.coveredTo = to;
}

function append({ ats, keys }: DueState, at: number, key: number): void {
  ats.push(at);
  keys.push(key);
}

/** Merges what was added into what is sorted, leaving out what is outdated and what is there twice. */
function mergeAdded(state: DueState): void {
  const { ats, keys, first } = state;
  const order = orderIn(state);
  const fresh = state.added.filter(({ at, key }) => isValid(state, key, at)).sort(order);
  Object.assign(state, { ats: [], keys: [], first: 0, added: [] });
  const keep = ({ at, key }: Entry): void => {
    if (state.keys.at(-1) !== key && isValid(state, key, at)) append(state, at, key);
  };
  let next = 0;
  for (let old = first; old < keys.length; old += 1) {
    const entry = { at: ats[old] as number, key: keys[old] as number };
    for (; next < fresh.length && order(fresh[next] as Entry, entry) < 0; next += 1) keep(fresh[next] as Entry);
    keep(entry);
  }
  for (; next < fresh.length; next += 1) keep(fresh[next] as Entry);
}

function cutFront(state: DueState): void {
  const { ats, keys } = state;
  while (state.first < keys.length && !isValid(state, keys[state.first] as number, ats[state.first] as number)) state.first += 1;
  if (state.first < CUT_ENTRIES || state.first * 2 < keys.length) return;
  Object.assign(state, { ats: ats.slice(state.first), keys: keys.slice(state.first), first: 0 });
}

function collect(state: DueState, { shard, until, after, limit }: UpcomingQuery & { readonly until: number }): number[] {
  const { ats, keys, jobs } = state;
  const found: number[] = [];
  for (let index = after === null ? state.first : startBehind(state, after); index < keys.length && found.length < limit; index += 1) {
    const [at, key] = [ats[index] as number, keys[index] as number];
    if (at > until) break;
    if (isValid(state, key, at) && isInShard(jobs.slot[key] as number, shard)) found.push(key);
  }
  return found;
}

/** By bisection. */
function startBehind({ ats, keys, first, jobs }: DueState, { nextRunAt, uid }: NonNullable<UpcomingQuery["after"]>): number {
  let [low, high] = [first, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const difference = (ats[middle] as number) - nextRunAt || compareTexts(jobs.uids.uidOf(keys[middle] as number), uid);
    if (difference <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
