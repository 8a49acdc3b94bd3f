/** Lets others have their turn between the steps of a long list. */
export type Pause = () => Promise<void>;

/**
 * Pauses of reads that go on in steps: one step goes on in each turn of the event loop, in the order in which they paused, so that a turn is no
 * longer than a step however many long lists are asked for at once.
 */
export function oneATurn(): Pause {
  const paused = new Set<() => void>(); // In the order of insertion.

  function resumeOne(): void {
    const [next] = paused;
    if (next === undefined) return;
    paused.delete(next);
    next();
    if (paused.size > 0) setImmediate(resumeOne);
  }
  return () =>
    new Promise((resolve) => {
      paused.add(resolve);
      if (paused.size === 1) setImmediate(resumeOne);
    });
}
