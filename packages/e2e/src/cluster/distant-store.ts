import type { Store } from "@tickline/shared/ports/store/store";
import { setTimeout as wait } from "node:timers/promises";
import type { SeededRandom } from "../driver/seeded-random.ts";

/** Longest way of a call to the store, and of its answer back, each. Milliseconds. */
const WAY_MS_MAX = 12;
/** How often a way takes any time at all, of 1. */
const SLOW_SHARE = 0.5;

/**
 * A store at the end of a network: calls overtake each other, and what was read is old when it is used. In one process
 * without it two services hardly ever meet in the midst of what they do.
 */
export function distantStore(store: Store, random: SeededRandom): Store {
  const way = (): Promise<void> => (random.chance(SLOW_SHARE) ? wait(random.whole(0, WAY_MS_MAX)) : Promise.resolve());
  function distant(port: object): object {
    const methods = Object.entries(port) as [string, (...parts: unknown[]) => Promise<unknown>][];
    return Object.fromEntries(methods.map(([name, call]) => [name, (...parts: unknown[]) => from(() => call(...parts))]));
  }
  async function from(call: () => Promise<unknown>): Promise<unknown> {
    await way();
    try {
      return await call();
    } finally {
      await way();
    }
  }
  const ports = Object.entries(store).map(([name, port]) => [name, typeof port === "function" ? port : distant(port as object)]);
  return Object.fromEntries(ports) as Store; // Each port has the methods it had.
}
