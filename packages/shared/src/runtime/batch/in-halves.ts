import { toAppError, type AppError } from "../../domain/app-error.ts";

export interface RefusedItem<Item> {
  readonly item: Item;
  readonly fault: AppError;
}

/**
 * An unavailable server takes no item at all: no item is to blame. A bus also answers `bus_unavailable` to a message that it refuses, such as one that
 * is too large; that fault is not retryable.
 */
export const passes = ({ retryable, code }: AppError): boolean => retryable || code === "store_unavailable";

/**
 * Works on all items together. If that is refused with a fault that is not retryable, each half is worked on
 * alone, and so on: one item that is always refused is found in few calls, and the others are done. Returns those refused by
 * themselves. Rejects when a server is unavailable (a fault that is retryable); which items were done then is not known. `work`
 * must be safe to repeat.
 */
export async function inHalves<Item>(
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<void>,
): Promise<readonly RefusedItem<Item>[]> {
  const [first] = items;
  if (first === undefined) return [];
  try {
    await work(items);
    return [];
  } catch (thrown) {
    const fault = toAppError(thrown, "work on a batch");
    if (passes(fault)) throw thrown;
    if (items.length === 1) return [{ item: first, fault }];
  }
  const middle = Math.ceil(items.length / 2);
  const refused = await inHalves(items.slice(0, middle), work);
  return [...refused, ...(await inHalves(items.slice(middle), work))];
}
