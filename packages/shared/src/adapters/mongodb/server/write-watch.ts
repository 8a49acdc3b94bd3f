import { listAnsweredCodes } from "./faults.ts";
import { UNAVAILABLE_CODES } from "./server-codes.ts";

/** Whether the server takes writes at present, as the latest of them found it. */
export interface WriteWatch {
  taken(): void;
  /** Returns why the server refuses writes; null: other writes may succeed. */
  failed(fault: unknown): string | null;
  /** Why the latest write was refused; null: it was not. */
  refusing(): string | null;
}

const { primary, writeConcern, overload, conflict } = UNAVAILABLE_CODES;
const UNAUTHORIZED = 13;

/** In our own words: the server's message may contain the statement, and so data of users. */
const REASONS: readonly (readonly [why: string, codes: readonly number[]])[] = [
  ["the user in STORE_URL may not write", [UNAUTHORIZED]],
  ["the disk of the database is full", [overload.OutOfDiskSpace]],
  ["writes are blocked in the cluster (setUserWriteBlockMode)", [conflict.UserWritesBlocked]],
  ["no majority of the replica set acknowledges writes", Object.values(writeConcern)],
  ["no member of the replica set takes writes", Object.values(primary)],
];
/** The messages of PostgreSQL behind FerretDB, whose codes do not show this. */
const FULL_WORDS = /No space left|could not extend file/i;
const READ_ONLY_WORDS = /read-only transaction/i;

export function createWriteWatch(): WriteWatch {
  let refusing: string | null = null;
  return {
    taken: () => void (refusing = null),
    failed(fault) {
      const why = whyRefused(fault);
      if (why !== null) refusing = why;
      return why;
    },
    refusing: () => refusing,
  };
}

function whyRefused(fault: unknown): string | null {
  const message = fault instanceof Error ? fault.message : "";
  if (FULL_WORDS.test(message)) return "the disk of the database is full";
  if (READ_ONLY_WORDS.test(message)) return "the database is read-only";
  const met = listAnsweredCodes(fault);
  return REASONS.find(([, codes]) => codes.some((code) => met.includes(code)))?.[0] ?? null;
}
