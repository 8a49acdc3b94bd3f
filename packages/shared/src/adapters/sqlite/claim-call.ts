import type { Digest } from "../../domain/digest.ts";
import type { AttemptCounts, ComparedField, DueRun } from "../../domain/due-run.ts";
import { executionHash } from "../../domain/job-definition.ts";
import type { RunCause } from "../../domain/run.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { ClaimOutcome, ClaimRequest } from "../../ports/run-claims.ts";
import {
  type PacketReader,
  type PacketWriter,
  putJson,
  putNullable,
  putNumber,
  putText,
  takeJson,
  takeNullable,
  takeNumber,
  takeText,
  takeTextOrNull,
} from "./wire.ts";

/** What a message says of a run, as it crosses to the store's thread: of what it would run, the hash alone. */
export interface SaidRun extends Pick<DueRun, ComparedField> {
  readonly executionHash: string;
}

/** A run as it is claimed. `said` null: what its message says need not be compared. */
export interface RunToClaim extends Pick<DueRun, "runId" | "attempt"> {
  readonly said: SaidRun | null;
}

export function putClaim(writer: PacketWriter, { runs, claimant, now, firedAfter, trusted = false }: ClaimRequest, digest: Digest): void {
  putNumber(writer, now);
  putNumber(writer, firedAfter);
  putText(writer, claimant.executor);
  putText(writer, claimant.token);
  putNumber(writer, claimant.leaseMs);
  putNumber(writer, trusted ? 1 : 0);
  putNumber(writer, runs.length);
  for (const run of runs) {
    putText(writer, run.runId);
    putNumber(writer, run.attempt);
    if (!trusted) putSaidRun(writer, run, digest);
  }
}

function putSaidRun(writer: PacketWriter, run: DueRun, digest: Digest): void {
  putText(writer, run.tenantId);
  putText(writer, run.jobUid);
  putText(writer, run.jobId);
  putNumber(writer, run.jobVersion);
  putNumber(writer, run.slot);
  putText(writer, run.queue);
  putText(writer, run.handler);
  putText(writer, run.cause);
  putNumber(writer, run.scheduledFor);
  putNumber(writer, run.failures);
  putNumber(writer, run.rescues);
  putText(writer, executionHash(digest, run));
}

export const takeRunToClaim = (reader: PacketReader, trusted: boolean): RunToClaim => ({
  runId: takeText(reader),
  attempt: takeNumber(reader),
  said: trusted ? null : takeSaidRun(reader),
});

const takeSaidRun = (reader: PacketReader): SaidRun => ({
  tenantId: takeText(reader),
  jobUid: takeText(reader),
  jobId: takeText(reader),
  jobVersion: takeNumber(reader),
  slot: takeNumber(reader),
  queue: takeText(reader),
  handler: takeText(reader),
  cause: takeText(reader) as RunCause,
  scheduledFor: takeNumber(reader),
  failures: takeNumber(reader),
  rescues: takeNumber(reader),
  executionHash: takeText(reader),
});

/** A claim's outcome without what the claimant knows himself. */
export type ThreadOutcome =
  | Exclude<ClaimOutcome, { readonly kind: "won" }>
  | ({ readonly kind: "won"; readonly startedAt: number } & AttemptCounts);

const KIND = { lost: 0, won: 1, skipped: 2, waiting: 3, refused: 4 } as const;

export function putClaimOutcome(writer: PacketWriter, outcome: ThreadOutcome): void {
  putNumber(writer, KIND[outcome.kind]);
  switch (outcome.kind) {
    case "lost":
      return;
    case "won":
      putNumber(writer, outcome.startedAt);
      putNumber(writer, outcome.failures);
      putNumber(writer, outcome.rescues);
      putNullable(writer, outcome.firstStartedAt);
      return;
    case "skipped":
      putJson(writer, outcome.run);
      return;
    case "waiting":
      putText(writer, outcome.cancelRequested);
      putJson(writer, outcome.superseded);
      return;
    case "refused":
      putText(writer, outcome.reason);
  }
}

export const takeClaimOutcomes = (reader: PacketReader, { runs, claimant }: ClaimRequest): ClaimOutcome[] =>
  runs.map((run): ClaimOutcome => {
    switch (takeNumber(reader)) {
      case KIND.won: {
        const startedAt = takeNumber(reader);
        const counts = { failures: takeNumber(reader), rescues: takeNumber(reader), firstStartedAt: takeNullable(reader) };
        return { kind: "won", claim: { run: { ...run, ...counts }, token: claimant.token, leaseMs: null, startedAt } };
      }
      case KIND.skipped:
        return { kind: "skipped", run: takeJson<EndedRun>(reader) };
      case KIND.waiting:
        return { kind: "waiting", cancelRequested: takeTextOrNull(reader), superseded: takeJson<EndedRun[]>(reader) };
      case KIND.refused:
        return { kind: "refused", reason: takeText(reader) };
      default:
        return { kind: "lost" };
    }
  });
