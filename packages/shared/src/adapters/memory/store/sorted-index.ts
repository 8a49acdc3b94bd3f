/** Where a row stands: by `at`, and among equals by `id`. */
export interface Position {
  readonly at: number;
  readonly id: string;
}

/** Rows by id, kept in (`at`, `id`) order. Walks must not be mixed with writes: take first, then write. */
export interface SortedIndex<Row> {
  /** Adds the row, or moves it when `at` has changed. */
  set(id: string, at: number, row: Row): void;
  delete(id: string): void;
  /** Ascending, behind `after`; null: from the first. */
  ascending(after?: Position | null): Generator<Row>;
  /** Descending, below `before`; null: from the last. */
  descending(before?: Position | null): Generator<Row>;
  readonly size: number;
}

interface Entry<Row> extends Position {
  readonly row: Row;
}

/** An array of 100,000 would be moved by every insert; of this many entries it costs nothing. */
const CHUNK_ENTRIES_MAX = 256;

const isBefore = (left: Position, right: Position): boolean => left.at < right.at || (left.at === right.at && left.id < right.id);

export function createSortedIndex<Row>(): SortedIndex<Row> {
  const chunks: Entry<Row>[][] = [];
  const instants = new Map<string, number>();

  /** The first chunk whose last entry is not before `position`. */
  const chunkOf = (position: Position): number => lowerBound(chunks, (chunk) => isBefore(chunk.at(-1) as Entry<Row>, position));

  function add(entry: Entry<Row>): void {
    const index = Math.min(chunkOf(entry), Math.max(0, chunks.length - 1));
    const chunk = (chunks[index] ??= []);
    chunk.splice(
      lowerBound(chunk, (other) => isBefore(other, entry)),
      0,
      entry,
    );
    if (chunk.length > CHUNK_ENTRIES_MAX) chunks.splice(index + 1, 0, chunk.splice(CHUNK_ENTRIES_MAX / 2));
  }
  function remove(position: Position): void {
    const index = chunkOf(position);
    const chunk = chunks[index];
    if (chunk === undefined) return;
    chunk.splice(
      lowerBound(chunk, (other) => isBefore(other, position)),
      1,
    );
    if (chunk.length === 0) chunks.splice(index, 1);
  }
  return {
    set(id, at, row) {
      const present = instants.get(id);
      if (present === at) return;
      if (present !== undefined) remove({ at: present, id });
      instants.set(id, at);
      add({ at, id, row });
    },
    delete(id) {
      const at = instants.get(id);
      if (at !== undefined && instants.delete(id)) remove({ at, id });
    },
    *ascending(after = null) {
      for (let index = after === null ? 0 : chunkOf(after); index < chunks.length; index += 1) {
        const chunk = chunks[index] ?? [];
        const from = after === null ? 0 : lowerBound(chunk, (entry) => !isBefore(after, entry));
        for (let place = from; place < chunk.length; place += 1) yield (chunk[place] as Entry<Row>).row;
      }
    },
    *descending(before = null) {
      for (let index = before === null ? chunks.length - 1 : Math.min(chunkOf(before), chunks.length - 1); index >= 0; index -= 1) {
        const chunk = chunks[index] ?? [];
        const to = before === null ? chunk.length : lowerBound(chunk, (entry) => isBefore(entry, before));
        for (let place = to - 1; place >= 0; place -= 1) yield (chunk[place] as Entry<Row>).row;
      }
    },
    get size() {
      return instants.size;
    },
  };
}

/** How many items at the front satisfy `precedes`; those that do all stand before those that do not. */
function lowerBound<Item>(items: readonly Item[], precedes: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (precedes(items[middle] as Item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** At most `limit` of what comes by, of those that `wanted` lets pass; a copy that writes do not disturb. */
export function take<Row>(rows: Iterable<Row>, limit: number, wanted: (row: Row) => boolean = () => true): Row[] {
  const taken: Row[] = [];
  if (limit <= 0) return taken;
  for (const row of rows) {
    if (wanted(row) && taken.push(row) >= limit) break;
  }
  return taken;
}

/** Those of the rows that `wanted` lets pass, as they come by. */
export function* filtered<Row>(rows: Iterable<Row>, wanted: (row: Row) => boolean): Generator<Row> {
  for (const row of rows) if (wanted(row)) yield row;
}

/** The rows up to the first of which `goesOn` is false. */
export function* takeWhile<Row>(rows: Iterable<Row>, goesOn: (row: Row) => boolean): Generator<Row> {
  for (const row of rows) {
    if (!goesOn(row)) return;
    yield row;
  }
}
