import type { Publication } from "@tickline/shared/ports/runs/due-runs";

/**
 * Counts the published, unclaimed runs of one queue: by the last count of the store, by what was published since, and by hints of
 * claims. The window bounds them, so that the backlog stays in the store.
 */
export interface PublishWindow {
  /** How many more runs may be published for sure: a claim makes room only if its run was published since the last count. */
  readonly room: number;
  /** An estimate: as last counted, and by hints since. */
  readonly unclaimed: number;
  /** False when no run can be unclaimed: a new count would tell nothing. */
  readonly inUse: boolean;
  /** True when this attempt was published here and no hint of its claim has come. */
  holds(publication: Publication): boolean;
  /** The store begins to count. It counts what has been noted by now. */
  counting(): void;
  counted(unclaimed: number): void;
  /** Called before these are published, because hints of their claims may come before the bus answers. */
  publishing(runs: readonly Publication[]): void;
  /** The bus did not take them. */
  unpublished(runs: readonly Publication[]): void;
  /** The store has noted that these were published. */
  noted(runs: readonly Publication[]): void;
  /** A hint that this attempt was claimed. Most runs of a process with workers of its own are claimed by their fire, and never published. */
  claimed(publication: Publication): void;
}

/** A later attempt of a run is a publication of its own. */
export const publicationKey = ({ runId, attempt }: Publication): string => `${runId} ${attempt}`;

interface PublishedAttempt {
  noted: boolean;
  /** The last count does not include it: a claim of it makes room. */
  sinceCount: boolean;
}

export function createPublishWindow(runsMax: number): PublishWindow {
  /** Attempts that were published and of whose claim no hint has come: the oldest first, no more than a window. */
  const attempts = new Map<string, PublishedAttempt>();
  let unclaimed = 0;
  /** An upper bound: it leaves out claims that the last count may have known of already. */
  let unclaimedMax = 0;
  function remove(publication: Publication): PublishedAttempt | undefined {
    const key = publicationKey(publication);
    const attempt = attempts.get(key);
    attempts.delete(key);
    return attempt;
  }
  function add(runs: number): void {
    unclaimed += runs;
    unclaimedMax += runs;
  }
  return {
    get room() {
      return runsMax - unclaimedMax;
    },
    get unclaimed() {
      return unclaimed;
    },
    get inUse() {
      return unclaimedMax > 0;
    },
    holds: (publication) => attempts.has(publicationKey(publication)),
    counting() {
      for (const attempt of attempts.values()) attempt.sinceCount = !attempt.noted;
    },
    counted(count) {
      unclaimedMax = count + [...attempts.values()].filter(({ sinceCount }) => sinceCount).length;
      unclaimed = unclaimedMax;
    },
    publishing(runs) {
      for (const run of runs) {
        remove(run); // A repeat is the newest again.
        attempts.set(publicationKey(run), { noted: false, sinceCount: true });
      }
      dropOldest(attempts, runsMax);
      add(runs.length);
    },
    unpublished(runs) {
      // A hint of a claim has come for the others: the bus took them after all.
      add(-runs.filter((run) => remove(run) !== undefined).length);
    },
    noted(runs) {
      for (const run of runs) {
        const attempt = attempts.get(publicationKey(run));
        if (attempt !== undefined) attempt.noted = true;
      }
    },
    claimed(publication) {
      const attempt = remove(publication);
      if (attempt === undefined) return;
      unclaimed = Math.max(0, unclaimed - 1);
      if (attempt.sinceCount) unclaimedMax -= 1;
    },
  };
}

/** Forgets the oldest attempts beyond a window: the hints of their claims were lost, and the counts have known of the claims for long. */
function dropOldest(attempts: Map<string, PublishedAttempt>, attemptsMax: number): void {
  for (const oldest of attempts.keys()) {
    if (attempts.size <= attemptsMax) return;
    attempts.delete(oldest);
  }
}
