import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Publication } from "@tickline/shared/ports/due-runs";
import { createFiredRuns } from "./fired-runs.ts";
import { createHandOver } from "./hand-over.ts";
import { createPublishBacklog } from "./publish-backlog.ts";
import { createPublishNotes } from "./publish-notes.ts";
import { publicationKey, type PublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** What a publisher does in one round: what was just fired at once, and what the store has when it is time to look. */
export interface PublishRounds {
  /** Never two at once. Returns how many runs were handed to the bus. */
  round(): Promise<number>;
  /** How long until the next has something to do, in milliseconds. */
  nextInMs(): number;
  /** The next one looks into the store. */
  lookSoon(): void;
  /** These are published without being looked for, unless older ones wait. */
  fired(runs: readonly DueRun[]): void;
  /** This attempt was claimed. */
  claimed(queue: string, publication: Publication): void;
  /** Another may lead meanwhile: what is known here is worth nothing when leadership comes back. */
  end(): Promise<void>;
}

export function createPublishRounds(context: RangeContext, windows: PublishWindows): PublishRounds {
  const { config, clock, leads } = context;
  const notes = createPublishNotes(context, windows);
  const handOver = createHandOver(context, { windows, notes });
  const firedRuns = createFiredRuns(windows, config.publishRunsMax);
  const backlog = createPublishBacklog(context, { windows, notes, handOver });
  /** By the monotonic clock. */
  let lookAtMs = Number.NEGATIVE_INFINITY;

  async function publishFired(): Promise<number> {
    const { batches, left } = firedRuns.take();
    if (left || !leads()) lookSoon();
    if (!leads()) return 0;
    const published = await Promise.all([...batches].map(([queue, runs]) => handOver(queue, runs)));
    return published.reduce((sum, runs) => sum + runs, 0);
  }
  async function publishBacklog(): Promise<number> {
    if (clock.monotonicMs() < lookAtMs) return 0;
    lookAtMs = Number.POSITIVE_INFINITY; // Until this one is over, unless somebody wants another.
    const published = await backlog.look();
    lookAtMs = Math.min(lookAtMs, clock.monotonicMs() + config.publishPollMs);
    return published;
  }
  function lookSoon(): void {
    lookAtMs = Number.NEGATIVE_INFINITY;
  }
  return {
    async round() {
      try {
        return (await publishFired()) + (await publishBacklog());
      } catch (fault) {
        lookSoon();
        throw fault;
      }
    },
    nextInMs: () => Math.max(0, lookAtMs - clock.monotonicMs()),
    lookSoon,
    fired(runs) {
      if (!backlog.counted() || !firedRuns.add(runs)) lookSoon();
    },
    claimed(queue, publication) {
      // What was not handed over from here nobody can have claimed: anybody may say so, and it would stay unpublished until the next look.
      if (!windows.holds(queue, publication)) return;
      firedRuns.drop(publication);
      notes.drop(publicationKey(publication));
      windows.claimed(queue, publication);
    },
    async end() {
      await notes.flushed();
      firedRuns.clear();
      backlog.forget();
      lookSoon();
    },
  };
}
