import { SLOTS, type Shard } from "@tickline/shared/domain/slot";

/** All slots in so many ranges of even size. */
export const slotRanges = (count: number): Shard[] =>
  Array.from({ length: count }, (_, index) => ({
    from: Math.floor((index * SLOTS) / count),
    to: Math.floor(((index + 1) * SLOTS) / count),
  }));

/** How a range is named in locks and metrics. */
export const rangeName = ({ from, to }: Shard): string => `${from}-${to}`;
