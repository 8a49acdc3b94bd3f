import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Logger } from "@tickline/shared/runtime/logger";
import type { Service } from "@tickline/shared/runtime/service";
import type { Leadership } from "./range-leadership.ts";
import { askingOrder, planSharing, shareOf, type Standing } from "./range-share.ts";
import type { Roster } from "./roster.ts";

export interface RangeSharingOptions {
  readonly leaderships: readonly Leadership[];
  readonly roster: Roster;
  readonly clock: Clock;
  readonly entropy: Pick<Entropy, "random">;
  readonly log: Logger;
  /** How often to count and to share. */
  readonly shareMs: number;
  /** How often to look at ranges beyond one's share: what is free twice in a row is nobody's, and is taken. */
  readonly standInMs: number;
  readonly fit: () => boolean;
  readonly onAlive: (schedulers: number) => void;
}

/** Rounds come up to this part earlier, so that schedulers do not go on asking at the same moments. */
const JITTER = 0.2;
/** While ranges are missing rounds come this much more often: what another gives up fires nothing until it is taken. */
const HASTE = 4;

/**
 * Shares ranges evenly with the other schedulers. The locks alone decide who leads; this decides only what to ask for and
 * what to give up, so wrong counts cost evenness, and a range nobody has asked for is taken by whoever sees that.
 */
export function createRangeSharing(options: RangeSharingOptions): Service {
  const { leaderships, roster, clock, entropy, log, shareMs, standInMs, fit, onAlive } = options;
  const count = leaderships.length;
  let olderShare = 0;
  let standIns = 0;
  const lookBeyond = createStandIn(leaderships);
  let lookAtMs = 0;

  async function share(standing: Standing): Promise<number> {
    const newerShare = shareOf(count, standing);
    if (newerShare !== olderShare) standIns = 0;
    const held = leaderships.filter((leadership) => leadership.held());
    const { ask, giveUp } = planSharing({ held: held.length, shares: [olderShare, newerShare], standIns });
    olderShare = newerShare;
    if (giveUp > 0) await held.at(-1)?.resign("others are there to share with");
    return askFor(ask, leaderships, standing);
  }
  async function round(): Promise<number> {
    if (!fit()) {
      await roster.leave();
      return shareMs;
    }
    const standing = await roster.call();
    // Without a seat nothing is known of the others: what is held is kept, and only what is nobody's is taken.
    const missing = standing === null ? 0 : await share(standing);
    if (standing !== null) onAlive(standing.alive);
    if (clock.monotonicMs() >= lookAtMs) {
      lookAtMs = clock.monotonicMs() + standInMs;
      standIns += await lookBeyond();
    }
    return missing > 0 ? shareMs / HASTE : shareMs;
  }
  const loop = createLoop({
    name: "share ranges",
    clock,
    log,
    runOnce: async () => (await round()) * (1 - JITTER * entropy.random()),
  });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await roster.leave();
    },
  };
}

/** Returns how many ranges are still missing. */
async function askFor(ranges: number, leaderships: readonly Leadership[], standing: Standing): Promise<number> {
  let missing = ranges;
  const order = askingOrder(leaderships.length, standing).flatMap((index) => leaderships[index] ?? []);
  for (const leadership of order) {
    if (missing === 0) break;
    if (!leadership.held() && (await leadership.ask())) missing -= 1;
  }
  return missing;
}

/** A look at all ranges of others: what was free at the last look and still is, is taken. Returns how many were. */
function createStandIn(leaderships: readonly Leadership[]): () => Promise<number> {
  let seenFree = new Set<Leadership>();
  return async () => {
    const free = new Set<Leadership>();
    let taken = 0;
    for (const leadership of leaderships) {
      if (leadership.held()) continue;
      if (seenFree.has(leadership)) taken += (await leadership.ask()) ? 1 : 0;
      else if (await leadership.isFree()) free.add(leadership);
    }
    seenFree = free;
    return taken;
  };
}
