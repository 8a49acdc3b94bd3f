import type { Instant } from "../../../domain/instant.ts";
import type { Claimant } from "../../../ports/due-jobs.ts";
import { endRun, startAttempt } from "./run-changes.ts";
import { isExclusive, type RunRow } from "./run-row.ts";
import type { MemoryState } from "./state.ts";

/** Starts a due run, or closes it as skipped because another run of its job is open. True: it started. */
export function beginOrSkip({ runs }: Pick<MemoryState, "runs">, row: RunRow, by: { claimant: Claimant; now: Instant }): boolean {
  const holder = isExclusive(row) ? runs.holderOf(row.origin.jobUid) : undefined;
  const free = holder === undefined || holder === row;
  if (free) startAttempt(row, by.claimant, by.now);
  else endRun(row, { state: "skipped", reason: "overlap", now: by.now });
  runs.save(row);
  return free;
}
