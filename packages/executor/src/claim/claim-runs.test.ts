import { expect, test } from "@jest/globals";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { ClaimRequest } from "@tickline/shared/ports/runs/run-claims";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { newJob, SECOND, START } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { EXECUTOR_DEFAULTS } from "../executor-config.ts";
import { claimRuns, type ClaimContext } from "./claim-runs.ts";

const RUN = newDueRun(newJob());

/** A store that is unavailable for the first tries, 5 s each; `winner`: the try that wins the run, whose answer may be lost. */
async function claimed({ away, winner, trusted = false }: { readonly away: number; readonly winner: number; readonly trusted?: boolean }) {
  const clock = manualClock(START);
  const requests: ClaimRequest[] = [];
  const claims: ClaimContext["context"]["claims"] = {
    lastRuns: async () => new Map(),
    async claim(request: ClaimRequest) {
      requests.push(request);
      clock.advance(5 * SECOND);
      if (requests.length <= away) throw new AppError("store_unavailable", "away", { retryable: true });
      const { claimant, now: startedAt } = requests[winner] ?? request;
      return request.runs.map((run: DueRun) => ({
        kind: "won" as const,
        claim: { run, token: claimant.token, leaseMs: claimant.leaseMs, startedAt },
      }));
    },
  };
  const config = { ...EXECUTOR_DEFAULTS, executorId: "one" };
  const context = { bus: { trusted }, claims, clock, time: { decide: clock.now }, entropy: systemEntropy, log: silentLogger, config };
  const backoff = { wait: () => Promise.resolve(true), stop: () => undefined };
  const { outcomes, sentAtMs } = await claimRuns({ context, backoff }, [RUN]);
  const tokens = new Set(requests.map(({ claimant }) => claimant.token)).size;
  return { sentAtMs, won: outcomes.length, tokens, requests };
}

test.each([
  ["the only one", { away: 0, winner: 0 }, 0],
  ["the last, after some that never arrived", { away: 2, winner: 2 }, 10 * SECOND],
  ["the first, whose answer was lost", { away: 2, winner: 0 }, 0],
])("a lease begins with the try that won it: %s", async (_, tries, sentAtMs) => {
  expect(await claimed(tries)).toMatchObject({ sentAtMs, won: 1, tokens: 1 });
});

test.each([
  ["compared", {}, false],
  ["trusted where no other program can have published them", { trusted: true }, true],
])("messages are %s", async (_, how, trusted) => {
  const { requests } = await claimed({ away: 0, winner: 0, ...how });
  expect(requests.map((request) => request.trusted)).toEqual([trusted]);
});
