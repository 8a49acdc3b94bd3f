import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { Leadership } from "./leadership.ts";
import type { Membership } from "./membership.ts";
import { askingOrder, computeShare, planSharing, type MemberPosition } from "./shards.ts";

export interface ShardSharingOptions {
  /** One a shard. */
  readonly leaderships: readonly Leadership[];
  readonly membership: Membership;
  readonly clock: Clock;
  readonly entropy: Pick<Entropy, "random">;
  readonly log: Logger;
  /** How often to count the members and to share. */
  readonly shareMs: number;
  /** How often to look at shards beyond one's share. A shard that is free twice in a row has no leader, and is taken. */
  readonly standInMs: number;
  /** False: lead nothing for now (the clock jumps). */
  readonly mayLead: () => boolean;
  readonly onMembers: (members: number) => void;
}

/** A round begins earlier by up to this part of its interval, so that schedulers do not keep asking at the same moments. */
const JITTER = 0.2;
/** While shards are missing, rounds are this many times more frequent: a shard that was given up fires nothing until it is taken. */
const HASTE = 4;

/**
 * Shares the shards evenly with the other schedulers. The locks alone decide who leads. This decides only which locks to ask for and
 * which to give up, so a wrong count makes shares uneven and nothing worse. A shard that no scheduler asks for is taken by the first
 * that finds it free twice.
 */
export function createShardSharing(options: ShardSharingOptions): Service {
  const { leaderships, membership, clock, entropy, log, shareMs, standInMs, mayLead, onMembers } = options;
  let lastShare = 0;
  let standIns = 0;
  const takeUnled = createStandIn(leaderships);
  let standInAtMs = 0;

  /** Returns how many shards are still missing. */
  async function share(position: MemberPosition): Promise<number> {
    const newShare = computeShare(leaderships.length, position);
    if (newShare !== lastShare) standIns = 0;
    const held = leaderships.filter((leadership) => leadership.held());
    const { ask, giveUp } = planSharing({ held: held.length, shares: [lastShare, newShare], standIns });
    lastShare = newShare;
    if (giveUp > 0) await held.at(-1)?.resign("its share went to other schedulers");
    return askFor(ask, leaderships, position);
  }
  async function round(): Promise<number> {
    if (!mayLead()) {
      await membership.leave();
      return shareMs;
    }
    const position = await membership.refresh();
    // Without a position nothing is known of the others: held shards are kept, and only shards without a leader are taken.
    const missing = position === null ? 0 : await share(position);
    if (position !== null) onMembers(position.members);
    if (clock.monotonicMs() >= standInAtMs) {
      standInAtMs = clock.monotonicMs() + standInMs;
      standIns += await takeUnled();
    }
    return missing > 0 ? shareMs / HASTE : shareMs;
  }
  const loop = createLoop({
    name: "share shards",
    clock,
    log,
    runOnce: async () => (await round()) * (1 - JITTER * entropy.random()),
  });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      await membership.leave();
    },
  };
}

/** Returns how many shards are still missing. */
async function askFor(shards: number, leaderships: readonly Leadership[], position: MemberPosition): Promise<number> {
  let missing = shards;
  const order = askingOrder(leaderships.length, position).flatMap((index) => leaderships[index] ?? []);
  for (const leadership of order) {
    if (missing === 0) break;
    if (!leadership.held() && (await leadership.ask())) missing -= 1;
  }
  return missing;
}

/** Looks at all shards of others and takes those that were free at the last look and still are. Returns how many it took. */
function createStandIn(leaderships: readonly Leadership[]): () => Promise<number> {
  let freeBefore = new Set<Leadership>();
  return async () => {
    const free = new Set<Leadership>();
    let taken = 0;
    for (const leadership of leaderships) {
      if (leadership.held()) continue;
      if (freeBefore.has(leadership)) taken += (await leadership.ask()) ? 1 : 0;
      else if (await leadership.isFree()) free.add(leadership);
    }
    freeBefore = free;
    return taken;
  };
}
