/** Doublings after which a wait is past every limit, and still a finite number. */
const DOUBLINGS_MAX = 52;

/** The wait before the next try after so many failures: `firstMs`, doubled with each further one up to `maxMs`. Without a failure there is none. */
export const backoffMs = (failures: number, firstMs: number, maxMs: number): number =>
  failures <= 0 ? 0 : Math.min(firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX), maxMs);

/** The same by the wait before; null: it is the first. */
export const nextBackoffMs = (previousMs: number | null, firstMs: number, maxMs: number): number =>
  Math.min(previousMs === null ? firstMs : 2 * previousMs, maxMs);
