/** Where a scheduler stands among those alive: they are numbered from 0 without gaps. */
export interface Standing {
  readonly seat: number;
  readonly alive: number;
}

/** How many ranges the scheduler on this seat should hold: all shares together are all ranges, and no two differ by more than one. */
export function shareOf(ranges: number, { seat, alive }: Standing): number {
  if (seat >= alive) return 0;
  return Math.floor(ranges / alive) + (seat < ranges % alive ? 1 : 0);
}

/**
 * In which order a scheduler asks for ranges: each begins where its share would begin if all stood in a row, so that
 * schedulers that come at once rarely ask for the same one.
 */
export function askingOrder(ranges: number, { seat, alive }: Standing): number[] {
  let begin = 0;
  for (let before = 0; before < Math.min(seat, alive); before += 1) begin += shareOf(ranges, { seat: before, alive });
  return Array.from({ length: ranges }, (_, index) => (begin + index) % ranges);
}

export interface Sharing {
  /** Ranges held now. */
  readonly held: number;
  /** By the last two counts of those alive. One more for a moment, by a count that met another, is no reason for anything. */
  readonly shares: readonly [number, number];
  /** Ranges taken beyond the share because nobody else took them. They are kept until the shares change. */
  readonly standIns: number;
}

/** What to do about ranges in this round: ask for so many, give up one, or nothing. */
export function planSharing({ held, shares, standIns }: Sharing): { readonly ask: number; readonly giveUp: 0 | 1 } {
  const share = Math.max(...shares);
  // One at a time: a range that changes hands fires nothing in between.
  return { ask: Math.max(0, share - held), giveUp: held > share + standIns ? 1 : 0 };
}
