import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { ClaimOutcome, HeldLease } from "@tickline/shared/ports/runs/run-claims";
import { inParallel } from "@tickline/shared/runtime/batch/in-parallel";
import type { ExecutorContext } from "../executor-context.ts";
import type { KnownReport } from "./judge-reports.ts";

export type LeaseContext = Pick<ExecutorContext, "claims" | "clock" | "config">;

/** A report whose executor has the right to the attempt, now or since an earlier report. */
export interface WonReport extends KnownReport {
  readonly claim: ClaimedRun;
}

export interface ClaimedReports {
  readonly won: readonly WonReport[];
  /** Runs that were closed by the claims. */
  readonly skipped: readonly EndedRun[];
  /** Runs that wait for another run of their job; `cancels`: that run, if it was asked to end for them. */
  readonly waiting: readonly (KnownReport & { readonly cancels: string | null })[];
  /** Another executor claimed first, or the run was closed or has a later attempt meanwhile. */
  readonly lost: readonly KnownReport[];
}

export interface RenewedReports {
  readonly renewed: ReadonlySet<KnownReport>;
  /** Those of them whose cancel was requested. */
  readonly cancelled: readonly KnownReport[];
}

/** Writes of one batch that are in flight at once. */
const WRITES_AT_ONCE = 8;

/** Reports that one write can serve: of one executor, attempt number and lease time. */
interface LeaseGroup {
  readonly executor: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly reports: readonly KnownReport[];
}

/**
 * The token is made of the attempt and the executor; every compare-and-set has the run beside it. So each report finds the lease of the reports before
 * it, whichever process received them, and nothing has to be remembered. The attempt is a number and the name comes last, so no two of them share a
 * token, whatever the name; tokens of our own executors are random and contain no slash.
 */
export const reportToken = ({ attempt, executor }: Pick<KnownReport["report"], "attempt" | "executor">): string =>
  `report/${attempt}/${executor}`;

const groupByLease = (reports: readonly KnownReport[]): readonly LeaseGroup[] =>
  [...Map.groupBy(reports, ({ report, run }) => `${run.timeoutMs}/${reportToken(report)}`).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [{ executor: first.report.executor, token: reportToken(first.report), leaseMs: first.run.timeoutMs, reports: group }];
  });

/** Renews the leases that exist. The other runs may not have been claimed yet. */
export async function renewReported({ claims, clock }: LeaseContext, reports: readonly KnownReport[]): Promise<RenewedReports> {
  const answers = await inParallel(groupByLease(reports), {
    atOnce: WRITES_AT_ONCE,
    async work({ token, leaseMs, reports: group }) {
      const leases = group.map(({ run }): HeldLease => ({ runId: run.runId, token }));
      const { renewed, cancelRequested } = await claims.heartbeat({ leases, leaseMs, now: clock.now() });
      const [standing, unwanted] = [new Set(renewed), new Set(cancelRequested)];
      return {
        renewed: group.filter(({ run }) => standing.has(run.runId)),
        cancelled: group.filter(({ run }) => unwanted.has(run.runId)),
      };
    },
  });
  return { renewed: new Set(answers.flatMap(({ renewed }) => renewed)), cancelled: answers.flatMap(({ cancelled }) => cancelled) };
}

const LOST: ReadonlySet<ClaimOutcome["kind"]> = new Set(["lost", "refused"]);

/** Claims for the executors that report. An attempt that an earlier report claimed is won again; an attempt of another executor is not. */
export async function claimReported({ claims, clock, config }: LeaseContext, reports: readonly KnownReport[]): Promise<ClaimedReports> {
  const answers = await inParallel(groupByLease(reports), {
    atOnce: WRITES_AT_ONCE,
    async work({ executor, token, leaseMs, reports: group }) {
      const now = clock.now();
      const runs = group.map(({ run }) => run);
      return {
        group,
        outcomes: await claims.claim({
          runs,
          claimant: { executor, token, leaseMs, external: true },
          now,
          firedAfter: now - config.retentionMs,
        }),
      };
    },
  });
  const decided = answers.flatMap(({ group, outcomes }) => group.map((known, index) => ({ known, outcome: outcomes[index] })));
  return {
    won: decided.flatMap(({ known, outcome }) => (outcome?.kind === "won" ? [{ ...known, claim: outcome.claim }] : [])),
    skipped: decided.flatMap(({ outcome }) =>
      outcome?.kind === "skipped" ? [outcome.run] : outcome?.kind === "waiting" ? outcome.superseded : [],
    ),
    waiting: decided.flatMap(({ known, outcome }) => (outcome?.kind === "waiting" ? [{ ...known, cancels: outcome.cancelRequested }] : [])),
    lost: decided.flatMap(({ known, outcome }) => (outcome === undefined || LOST.has(outcome.kind) ? [known] : [])),
  };
}
