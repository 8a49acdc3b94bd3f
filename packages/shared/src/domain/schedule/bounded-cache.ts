/** A map that drops entries that were not read recently. */
export type BoundedCache<K, V> = { get(key: K): V | undefined; set(key: K, value: V): void };

/**
 * Two generations: when the young one is full, it becomes the old one, and the old one is dropped. There are at most `2 * sizeMax`
 * entries, and a hit in the young generation costs one map lookup. The scheduler reads it tens of thousands of times a
 * second, and the delete-and-insert of an exact LRU would cost more than computing the values.
 */
export function boundedCache<K, V>(sizeMax: number): BoundedCache<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  const set = (key: K, value: V): void => {
    if (young.size >= sizeMax && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };
  const get = (key: K): V | undefined => {
    const fresh = young.get(key);
    if (fresh !== undefined) return fresh;
    const kept = old.get(key);
    if (kept !== undefined) set(key, kept);
    return kept;
  };
  return { get, set };
}
