import type { StoreContext } from "../context.ts";
import type { RunRow } from "../runs/run-row.ts";

type StoredRun = Pick<RunRow, "jobUid" | "definitionHash" | "attempt" | "attempts">;

/** The fields of a row that say so. */
export const READABLE_FIELDS = ["jobUid", "definitionHash", "attempt", "attempts"] as const;

/** Tells of due runs whether anybody can run them as they are stored: what cannot be read is not published, and a claim refuses it. */
export async function readableAmong({ definitions }: Pick<StoreContext, "definitions">, rows: readonly StoredRun[]) {
  const definitionOf = await definitions.of(rows);
  return (row: StoredRun): boolean => definitionOf(row).kind === "read" && (row.attempt === 1 || Array.isArray(row.attempts));
}
