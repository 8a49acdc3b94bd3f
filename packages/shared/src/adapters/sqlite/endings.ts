import type { DatabaseSync } from "node:sqlite";

/** The runs that one call ended, all of them together one row of the file. */
export interface EndingBatch {
  readonly seq: number;
  readonly settledAt: number;
  /** How many the bus has not acknowledged yet. */
  left: number;
}

export interface EndedKey {
  readonly runId: string;
  readonly runKey: number;
}

/** What has ended: to be announced, folded into the read state, and at last forgotten. In the order of settlement. */
export interface Endings {
  /** Unannounced runs by id, oldest first. */
  readonly unannounced: ReadonlyMap<string, EndingBatch>;
  add(ended: readonly EndedKey[], settledAt: number): void;
  announced(runIds: readonly string[]): void;
  /** The run cannot be read, so there is nothing to announce until the file is opened again. */
  passBy(runId: string): void;
}

export function openEndings(db: DatabaseSync): Endings {
  const unannounced = new Map<string, EndingBatch>();
  let lastSeq = Number(db.prepare("SELECT max(seq) AS last FROM endings").get()?.["last"] ?? 0);
  const insert = db.prepare("INSERT INTO endings (seq, settled_at, announced, run_keys) VALUES (?, ?, 0, ?)");
  const mark = db.prepare("UPDATE endings SET announced = 1 WHERE seq = ?");
  const idOf = db.prepare("SELECT run_id FROM runs WHERE run_key = ?");
  for (const row of db.prepare("SELECT seq, settled_at, run_keys FROM endings WHERE announced = 0 ORDER BY seq").iterate()) {
    const keys = unpackKeys(row["run_keys"] as Uint8Array);
    const batch: EndingBatch = { seq: row["seq"] as number, settledAt: row["settled_at"] as number, left: keys.length };
    for (const key of keys) {
      const row = idOf.get(key);
      if (row === undefined) batch.left -= 1;
      else unannounced.set(String(row["run_id"]), batch);
    }
  }
  return {
    unannounced,
    add(ended, settledAt) {
      if (ended.length === 0) return;
      lastSeq += 1;
      const batch: EndingBatch = { seq: lastSeq, settledAt, left: ended.length };
      insert.run(batch.seq, settledAt, packKeys(ended));
      for (const { runId } of ended) unannounced.set(runId, batch);
    },
    passBy: (runId) => void unannounced.delete(runId),
    announced(runIds) {
      for (const runId of runIds) {
        const batch = unannounced.get(runId);
        if (batch === undefined) continue;
        unannounced.delete(runId);
        batch.left -= 1;
        // Written when all of a row are: what a crash forgets is announced once more.
        if (batch.left === 0) mark.run(batch.seq);
      }
    },
  };
}

function packKeys(ended: readonly EndedKey[]): Uint8Array {
  const keys = new Float64Array(ended.length);
  for (let index = 0; index < ended.length; index += 1) keys[index] = (ended[index] as EndedKey).runKey;
  return new Uint8Array(keys.buffer);
}

/** The bytes of a row stand anywhere in memory, so they are copied to where numbers may stand. What is no whole number of them is cut off. */
export const unpackKeys = (bytes: Uint8Array): Float64Array =>
  bytes instanceof Uint8Array ? new Float64Array(bytes.slice(0, bytes.length - (bytes.length % 8)).buffer) : new Float64Array();

export const packRunKeys = (keys: readonly number[]): Uint8Array => new Uint8Array(Float64Array.from(keys).buffer);
