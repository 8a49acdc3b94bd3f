const LONGEST_MS = 2 ** 31 - 1;

/** Keeps the process running until it is ended: timers of the clock alone do not. */
export function keepAlive(): void {
  setInterval(() => undefined, LONGEST_MS);
}
