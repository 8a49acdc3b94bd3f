import type { OverlapVerdict } from "../../domain/overlap.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { Deferral, HeartbeatResult, HeldLease } from "../../ports/run-claims.ts";
import { putClaimOutcome, type RunToClaim, takeRunToClaim, type ThreadOutcome } from "./claim-call.ts";
import { openClaimChecks } from "./claim-checks.ts";
import { RUN_STATE } from "./codes.ts";
import { requestCancel } from "./controls.ts";
import type { Core } from "./core.ts";
import type { EndedKey } from "./endings.ts";
import { firstStartOf, type OpenRun, waitsForAnother } from "./open-run.ts";
import { verdictOn, waitForAnother, wakeNext } from "./overlap-waits.ts";
import type { Owner } from "./owners.ts";
import { endRun, readAllEnded, withoutWait } from "./run-ends.ts";
import { makePublishable, putAside } from "./run-waits.ts";
import { type PacketReader, type PacketWriter, takeNumber, takeText } from "./wire.ts";

interface ClaimCall {
  readonly now: number;
  readonly firedAfter: number;
  readonly owner: Owner;
  readonly token: string;
  readonly ended: EndedKey[];
  readonly won: Set<OpenRun>;
}

interface ClaimDesk {
  readonly core: Core;
  readonly refusal: ReturnType<typeof openClaimChecks>;
}

const LOST: ThreadOutcome = { kind: "lost" };

export function openClaims(core: Core): (reader: PacketReader, writer: PacketWriter) => void {
  const desk: ClaimDesk = { core, refusal: openClaimChecks(core) };
  return (reader, writer) => {
    const now = takeNumber(reader);
    const firedAfter = takeNumber(reader);
    const executor = takeText(reader);
    const token = takeText(reader);
    const owner = core.owners.intern(executor, takeNumber(reader));
    const call: ClaimCall = { now, firedAfter, owner, token, ended: [], won: new Set() };
    const trusted = takeNumber(reader) === 1;
    for (let left = takeNumber(reader); left > 0; left -= 1) putClaimOutcome(writer, claimOne(desk, call, takeRunToClaim(reader, trusted)));
    core.endings.add(call.ended, now);
  };
}

function claimOne({ core, refusal }: ClaimDesk, call: ClaimCall, { runId, attempt, said }: RunToClaim): ThreadOutcome {
  const run = core.open.byId.get(runId);
  if (run === undefined || run.attempt !== attempt) return LOST;
  // Running: ours already, if the answer to this very claim was lost.
  if (run.mode === "none") return run.token === call.token && !call.won.has(run) ? wonOf(run) : LOST;
  if (run.mode === "retrying" || run.extra?.cancelRequested === true) return LOST;
  const reason = said === null ? null : refusal(run, said);
  if (reason !== null) return { kind: "refused", reason };
  if (firedTooLongAgo(run, call.firedAfter)) return LOST;
  const verdict = verdictOn(core, run);
  switch (verdict.kind) {
    case "start": {
      const { failures, rescues, firstStartedAt } = wonOf(run);
      startRun(core, run, call);
      return { kind: "won", startedAt: call.now, failures, rescues, firstStartedAt };
    }
    case "skip": {
      const [ended] = skip(core, run, { call, reason: verdict.reason });
      return ended === undefined ? LOST : { kind: "skipped", run: ended };
    }
    case "wait":
      return wait(core, run, { call, verdict });
  }
}

const wonOf = (run: OpenRun): Extract<ThreadOutcome, { kind: "won" }> => ({
  kind: "won",
  startedAt: run.startedAt ?? 0,
  failures: run.extra?.failures ?? 0,
  rescues: run.extra?.rescues ?? 0,
  firstStartedAt: firstStartOf(run),
});

const firedTooLongAgo = ({ startedAt, extra }: OpenRun, firedAfter: number): boolean =>
  startedAt === null && (extra?.firedAt ?? firedAfter) < firedAfter;

function startRun({ open, rows }: Core, run: OpenRun, { now, owner, token, won }: ClaimCall): void {
  open.run(run);
  run.token = token;
  run.ownerKey = owner.ownerKey;
  run.startedAt = now;
  run.extra = withoutWait(run.extra);
  rows.save(run, RUN_STATE.running);
  won.add(run);
}

interface Skip {
  readonly call: ClaimCall;
  readonly reason: "overlap" | "buffer_full";
}

/** One that cannot be read has been closed all the same, and nothing is returned of it. */
function skip(core: Core, run: OpenRun, { call, reason }: Skip): EndedRun[] {
  endRun(core, run, { state: RUN_STATE.skipped, finishedAt: call.now, output: null, error: null, reason });
  call.ended.push(run);
  return readAllEnded(core, [run]);
}

interface Wait {
  readonly call: ClaimCall;
  readonly verdict: Extract<OverlapVerdict, { readonly kind: "wait" }>;
}

function wait(core: Core, run: OpenRun, { call, verdict: { behind, cancels, supersedes } }: Wait): ThreadOutcome {
  const { open } = core;
  const other = open.byId.get(behind.runId);
  // The end that should have woken it was lost.
  if (behind.standing === "waiting" && other !== undefined) makePublishable(core, other);
  if (cancels && other !== undefined) requestCancel(core, other, { requestedAt: call.now, by: { kind: "overlap", runId: run.runId } });
  waitForAnother(core, run, call.now);
  const superseded = supersedes.flatMap((runId) => {
    const older = open.byId.get(runId);
    return older === undefined ? [] : skip(core, older, { call, reason: "overlap" });
  });
  return { kind: "waiting", cancelRequested: cancels ? behind.runId : null, superseded };
}

/** Leases of this process are ended by no clock, so there is nothing to write. */
export const heartbeat =
  ({ open }: Core) =>
  ({ leases }: { readonly leases: readonly HeldLease[] }): HeartbeatResult => {
    const held = leases.flatMap(({ runId, token }) => {
      const run = open.byId.get(runId);
      return run !== undefined && run.mode === "none" && run.token === token && !open.orphans.has(run) ? [run] : [];
    });
    return {
      renewed: held.map(({ runId }) => runId),
      cancelRequested: held.filter(({ extra }) => extra?.cancelRequested === true).map(({ runId }) => runId),
    };
  };

export const defer =
  (core: Core) =>
  ({ deferrals }: { readonly deferrals: readonly Deferral[] }): void => {
    for (const { runId, attempt, reason, wakeAt } of deferrals) {
      const run = core.open.byId.get(runId);
      if (run === undefined || run.attempt !== attempt || run.mode === "none" || run.mode === "retrying") continue;
      putAside(core, run, { reason, wakeAt });
      if (!waitsForAnother(run)) wakeNext(core, run);
    }
  };
