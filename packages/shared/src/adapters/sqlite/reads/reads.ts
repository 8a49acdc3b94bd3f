import { AppError } from "../../../domain/app-error.ts";
import { openReader } from "../database.ts";
import { storeFault } from "../faults.ts";
import { openDefinitions } from "../jobs/definitions.ts";
import { type JobReads, openJobReads } from "./job-reads.ts";
import { oneATurn } from "./one-a-turn.ts";
import { openRunQueries, type RunQueryRows } from "./run-queries.ts";

interface Readers {
  readonly jobs: JobReads;
  readonly runs: RunQueryRows;
}

/** A part of a list, and where the next part begins; null: it is at its end. */
interface Step<Row, Place> {
  readonly rows: readonly Row[];
  readonly next: Place | null;
}

/** Reads for users, on a connection of the caller's thread. Measured: through the store's thread a read costs the process twice as much. */
export interface Reads {
  /** `deed`: for the message of a fault. */
  ask<Answer>(deed: string, read: (readers: Readers) => Answer): Promise<Answer>;
  /** The rows that the steps of a list find, up to `rowsMax`. Other work of the event loop runs between the steps. */
  collect<Row, Place>(rowsMax: number, step: (readers: Readers, after: Place | null) => Step<Row, Place>): Promise<Row[]>;
  close(): void;
}

export function openReads(file: string): Reads {
  const db = openReader(file);
  const readers: Readers = { jobs: openJobReads(db), runs: openRunQueries({ db, definitions: openDefinitions(db) }) };
  const pause = oneATurn();

  async function ask<Answer>(deed: string, read: (readers: Readers) => Answer): Promise<Answer> {
    if (!db.isOpen) throw new AppError("store_unavailable", `${deed}: the store is closed`, { retryable: true });
    try {
      return read(readers);
    } catch (fault) {
      throw storeFault(fault, deed);
    }
  }
  return {
    ask,
    async collect<Row, Place>(rowsMax: number, step: (readers: Readers, after: Place | null) => Step<Row, Place>) {
      const found: Row[] = [];
      for (let after: Place | null = null; ; await pause()) {
        const { rows, next }: Step<Row, Place> = await ask("list", (all) => step(all, after));
        found.push(...rows);
        if (next === null || found.length >= rowsMax) return found;
        after = next;
      }
    },
    close() {
      if (db.isOpen) db.close();
    },
  };
}
