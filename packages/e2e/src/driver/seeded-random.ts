/** Chance that can be repeated: the same seed and stream always give the same numbers. */
export interface SeededRandom {
  /** [0, 1) */
  next(): number;
  /** A whole number from `min` to `max`, both inclusive. */
  whole(min: number, max: number): number;
  /** True this often, of 1. */
  chance(share: number): boolean;
  /** One of the choices, by their weights. */
  pick<Choice>(choices: readonly (readonly [weight: number, choice: Choice])[]): Choice;
}

/** Mulberry32. `stream` keeps those apart that draw at the same time: what one draws must not depend on when the others do. */
export function seededRandom(seed: number, stream = 0): SeededRandom {
  let state = (seed ^ Math.imul(stream + 1, 0x9e3779b1)) >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    next,
    whole: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (share) => next() < share,
    pick(choices) {
      let rest = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, choice] of choices) {
        rest -= weight;
        if (rest < 0) return choice;
      }
      throw new Error("nothing to pick from");
    },
  };
}

/** The seed of a test: `SEED`, or one of its own, which it prints so that the run can be repeated. */
export function chooseSeed(env: Readonly<Record<string, string | undefined>>): number {
  const seed = Number(env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isInteger(seed)) throw new Error(`SEED=${env["SEED"]} must be a whole number`);
  return seed;
}
