import { SLOTS, type Shard } from "@tickline/shared/domain/slot";

/** All slots in so many shards of even size. */
export const divideSlots = (count: number): Shard[] =>
  Array.from({ length: count }, (_, index) => ({
    from: Math.floor((index * SLOTS) / count),
    to: Math.floor(((index + 1) * SLOTS) / count),
  }));

/** How a shard is named in locks, and in the label `range` of metrics. */
export const shardName = ({ from, to }: Shard): string => `${from}-${to}`;

/** The number of one scheduler among the running ones. Numbers begin at 0 and have no gaps. */
export interface MemberPosition {
  readonly member: number;
  /** How many schedulers run. */
  readonly members: number;
}

/** How many shards a member should hold. The shares of all members are all shards, and no two shares differ by more than one. */
export function computeShare(shards: number, { member, members }: MemberPosition): number {
  if (member >= members) return 0;
  return Math.floor(shards / members) + (member < shards % members ? 1 : 0);
}

/**
 * The order in which a member asks for shards. Each begins behind the shares of the members before it, so that members which
 * start at the same time rarely ask for the same shard.
 */
export function askingOrder(shards: number, { member, members }: MemberPosition): number[] {
  let begin = 0;
  for (let before = 0; before < Math.min(member, members); before += 1) begin += computeShare(shards, { member: before, members });
  return Array.from({ length: shards }, (_, index) => (begin + index) % shards);
}

export interface Holding {
  /** Shards held now. */
  readonly held: number;
  /** By the last two counts of the members. A count may be one too high for a moment, so one count alone gives up nothing. */
  readonly shares: readonly [number, number];
  /** Shards taken beyond the share because no other member took them. They are kept until the share changes. */
  readonly standIns: number;
}

/** What to do in this round: ask for so many shards, give up one, or nothing. */
export function planSharing({ held, shares, standIns }: Holding): { readonly ask: number; readonly giveUp: 0 | 1 } {
  const share = Math.max(...shares);
  // One at a time: a shard that changes its leader fires nothing meanwhile.
  return { ask: Math.max(0, share - held), giveUp: held > share + standIns ? 1 : 0 };
}
