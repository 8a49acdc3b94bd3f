/** Lets other work of the event loop run between the steps of a long list. */
export type Pause = () => Promise<void>;

/**
 * Pauses reads that are done in steps. Each turn of the event loop runs one step, in the order of the pauses, so that a turn takes no
 * longer than a step, however many long lists are read at once.
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
