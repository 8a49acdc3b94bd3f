/**
 * A wall-clock time, as the milliseconds that it would be in UTC. It is not an instant: it needs a zone
 * to become one, and may not exist there (gap) or occur twice (fold).
 */
export type WallTime = number;

/** `2026-03-29T02:30:00`, with `.123` only if there are milliseconds. */
export const showWallTime = (wall: WallTime): string => new Date(wall).toISOString().replace(/(\.000)?Z$/, "");

/** `2026-03-29` */
export const showWallDate = (wall: WallTime): string => showWallTime(wall).slice(0, 10);

/** `02:30`, with seconds only if there are any. */
export const showWallClock = (wall: WallTime): string => showWallTime(wall).slice(11).replace(/:00$/, "");
