import { SLOTS, type SlotRange } from "@tickline/shared/domain/slot";

/** All slots in so many ranges of even size. */
export const slotRanges = (count: number): SlotRange[] =>
  Array.from({ length: count }, (_, index) => ({
    from: Math.floor((index * SLOTS) / count),
    to: Math.floor(((index + 1) * SLOTS) / count),
  }));

/** How a range is named in locks and metrics. */
export const rangeName = ({ from, to }: SlotRange): string => `${from}-${to}`;
