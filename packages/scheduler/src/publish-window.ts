import type { Publication } from "@tickline/shared/ports/due-runs";

/** Published, unclaimed runs of one queue: what the store counted last, what was published since, and hints of claims. */
export interface PublishWindow {
  /** A look into the store begins: what is noted by now its count knows of. The window is open until that look finds it full, or the bus takes nothing. */
  looking(): void;
  /** The count of that look. */
  counted(unclaimed: number): void;
  /** These are about to be published: said before they are, as hints of their claims may come at once. */
  publishing(runs: readonly Publication[]): void;
  /** The bus did not take them. */
  unpublished(runs: readonly Publication[]): void;
  /** The bus takes nothing. */
  close(): void;
  /** That these were published stands in the store. */
  noted(runs: readonly Publication[]): void;
  /** No more fit, and the window is closed: `onRoom` is called as soon as half of them are claimed, which they may be already. */
  full(): void;
  /** A hint that a run was claimed. Most runs of a process with workers of its own are claimed by their fire, and were never published. */
  claimed(publication: Publication): void;
  /** True when this attempt was published and no hint of its claim has come. */
  holds(publication: Publication): boolean;
  /** True from `full` or `close` until the next look: older runs may wait in the store. */
  readonly closed: boolean;
  /** How many more may be published at least: a claim makes room for sure only if its run was published since the count. */
  readonly room: number;
  /** False when nothing can be unclaimed: a new count would tell nothing. */
  readonly inUse: boolean;
  /** As last counted, and by hints since. */
  readonly unclaimed: number;
}

/** A later attempt of a run is published for itself. */
export const publicationKey = ({ runId, attempt }: Publication): string => `${runId} ${attempt}`;

interface PublishedAttempt {
  noted: boolean;
  /** The count does not know of it yet: if it is claimed, that makes room. */
  sinceCount: boolean;
}

interface WindowState {
  unclaimed: number;
  /** No fewer than are: claims that the count may have known of already are left out. */
  unclaimedMax: number;
  /** Whether somebody waits to be told of room. */
  waiting: boolean;
  closed: boolean;
}

export function createPublishWindow(runsMax: number, onRoom: () => void): PublishWindow {
  const published = createPublishedAttempts(runsMax);
  const state: WindowState = { unclaimed: 0, unclaimedMax: 0, waiting: false, closed: false };

  function add(runs: number): void {
    state.unclaimed += runs;
    state.unclaimedMax += runs;
  }
  function tellOfRoom(): void {
    if (state.waiting && state.unclaimed <= runsMax / 2) onRoom();
  }
  return {
    looking() {
      Object.assign(state, { waiting: false, closed: false });
      published.looking();
    },
    counted(count) {
      const unclaimed = count + published.sinceCount();
      Object.assign(state, { unclaimed, unclaimedMax: unclaimed });
    },
    publishing(runs) {
      published.add(runs);
      add(runs.length);
    },
    unpublished(runs) {
      // Of the others a hint came: the bus had taken them after all.
      add(-runs.filter((run) => published.remove(run) !== null).length);
    },
    close() {
      state.closed = true;
    },
    noted: published.noted,
    full() {
      Object.assign(state, { waiting: true, closed: true });
      tellOfRoom();
    },
    claimed(publication) {
      const attempt = published.remove(publication);
      if (attempt === null) return;
      state.unclaimed = Math.max(0, state.unclaimed - 1);
      if (attempt.sinceCount) state.unclaimedMax -= 1;
      tellOfRoom();
    },
    holds: published.holds,
    get closed() {
      return state.closed;
    },
    get room() {
      return runsMax - state.unclaimedMax;
    },
    get inUse() {
      return state.unclaimedMax > 0;
    },
    get unclaimed() {
      return state.unclaimed;
    },
  };
}

/** Attempts that were published and of whose claim no hint has come: the oldest first, no more than a window. */
function createPublishedAttempts(runsMax: number) {
  const attempts = new Map<string, PublishedAttempt>();
  return {
    add(runs: readonly Publication[]): void {
      for (const run of runs) {
        attempts.delete(publicationKey(run)); // A repeat is the newest again.
        attempts.set(publicationKey(run), { noted: false, sinceCount: true });
      }
      // Those whose hints were lost: the store's count has known of them for long.
      for (const key of attempts.keys()) {
        if (attempts.size <= runsMax) break;
        attempts.delete(key);
      }
    },
    /** Null: it is not among them. */
    remove(publication: Publication): PublishedAttempt | null {
      const attempt = attempts.get(publicationKey(publication)) ?? null;
      attempts.delete(publicationKey(publication));
      return attempt;
    },
    holds: (publication: Publication): boolean => attempts.has(publicationKey(publication)),
    noted(runs: readonly Publication[]): void {
      for (const run of runs) {
        const attempt = attempts.get(publicationKey(run));
        if (attempt !== undefined) attempt.noted = true;
      }
    },
    looking(): void {
      for (const attempt of attempts.values()) attempt.sinceCount = !attempt.noted;
    },
    sinceCount(): number {
      let count = 0;
      for (const { sinceCount } of attempts.values()) if (sinceCount) count += 1;
      return count;
    },
  };
}
