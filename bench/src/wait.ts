import { setTimeout as sleep } from "node:timers/promises";
import { wallMs } from "./start-log.ts";

export const waitUntil = (instant: number): Promise<void> => sleep(Math.max(0, instant - wallMs()));

/** True if `done` resolves before the deadline. What never comes is a result as well: it is reported, not waited for. */
export async function cameInTime(done: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  const late = new AbortController();
  const timeout = sleep(deadlineMs, false, { signal: late.signal }).catch(() => false);
  const came = await Promise.race([done.then(() => true), timeout]);
  late.abort();
  return came;
}

/** Calls `make` for 0 to `count` - 1, at most `inFlight` at once. */
export async function makeAll(count: number, inFlight: number, make: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await make(index);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}
