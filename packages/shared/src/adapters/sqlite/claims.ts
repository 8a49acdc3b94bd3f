import type { ClaimOutcome, ClaimRequest, Deferral, HeartbeatResult, HeldLease } from "../../ports/run-claims.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import type { EndedKey } from "./endings.ts";
import type { OpenRun } from "./open-run.ts";
import type { Owner } from "./owners.ts";
import { endRun, readEnded, withoutWait } from "./run-ends.ts";
import { type PacketReader, type PacketWriter, putJson, putNumber, putText, takeJson, takeNumber, takeText } from "./wire.ts";

const LOST = 0;
const WON = 1;
const SKIPPED = 2;

export function putClaim(writer: PacketWriter, { runs, claimant, now, firedAfter }: ClaimRequest): void {
  putNumber(writer, now);
  putNumber(writer, firedAfter);
  putText(writer, claimant.executor);
  putText(writer, claimant.token);
  putNumber(writer, claimant.leaseMs);
  putNumber(writer, runs.length);
  for (const { runId, attempt } of runs) {
    putText(writer, runId);
    putNumber(writer, attempt);
  }
}

export const takeClaimOutcomes = (reader: PacketReader, { runs, claimant }: ClaimRequest): ClaimOutcome[] =>
  runs.map((run): ClaimOutcome => {
    const code = takeNumber(reader);
    if (code === LOST) return { kind: "lost" };
    if (code === SKIPPED) return { kind: "skipped", run: takeJson<EndedRun>(reader) };
    return { kind: "won", claim: { run, token: claimant.token, leaseMs: null, startedAt: takeNumber(reader) } };
  });

interface ClaimCall {
  readonly now: number;
  readonly firedAfter: number;
  readonly owner: Owner;
  readonly token: string;
  readonly ended: EndedKey[];
  readonly won: Set<OpenRun>;
}

export const openClaims =
  (core: Core) =>
  (reader: PacketReader, writer: PacketWriter): void => {
    const now = takeNumber(reader);
    const firedAfter = takeNumber(reader);
    const executor = takeText(reader);
    const token = takeText(reader);
    const owner = core.owners.intern(executor, takeNumber(reader));
    const call: ClaimCall = { now, firedAfter, owner, token, ended: [], won: new Set() };
    for (let left = takeNumber(reader); left > 0; left -= 1) {
      const run = core.open.byId.get(takeText(reader));
      claimOne(core, call, { run, attempt: takeNumber(reader), writer });
    }
    core.endings.add(call.ended, now);
  };

function claimOne(
  core: Core,
  call: ClaimCall,
  { run, attempt, writer }: { readonly run: OpenRun | undefined; readonly attempt: number; readonly writer: PacketWriter },
): void {
  if (run === undefined || run.attempt !== attempt) return putNumber(writer, LOST);
  if (run.mode === "none") {
    // Running: ours already, if the answer to this very claim was lost.
    const ours = run.token === call.token && !call.won.has(run);
    putNumber(writer, ours ? WON : LOST);
    if (ours) putNumber(writer, run.startedAt ?? call.now);
    return;
  }
  if (run.mode === "retrying") return putNumber(writer, LOST);
  const holder = run.traits.exclusive ? core.open.holderOf(run.jobKey) : undefined;
  const reason = firedTooLongAgo(run, call.firedAfter) ? "retention" : holder !== undefined && holder !== run ? "overlap" : null;
  if (reason !== null) {
    endRun(core, run, { state: RUN_STATE.skipped, finishedAt: call.now, output: null, error: null, reason });
    call.ended.push(run);
    putNumber(writer, SKIPPED);
    putJson(writer, readEnded(core, run));
    return;
  }
  startRun(core, run, call);
  putNumber(writer, WON);
  putNumber(writer, call.now);
}

const firedTooLongAgo = ({ startedAt, extra }: OpenRun, firedAfter: number): boolean =>
  startedAt === null && (extra?.firedAt ?? firedAfter) < firedAfter;

function startRun({ open, rows }: Core, run: OpenRun, { now, owner, token, won }: ClaimCall): void {
  open.run(run);
  open.lock(run);
  run.token = token;
  run.ownerKey = owner.ownerKey;
  run.startedAt = now;
  run.extra = withoutWait(run.extra);
  rows.save(run, RUN_STATE.running);
  won.add(run);
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
  ({ open, rows }: Core) =>
  ({ deferrals }: { readonly deferrals: readonly Deferral[] }): void => {
    for (const { runId, attempt, reason, wakeAt } of deferrals) {
      const run = open.byId.get(runId);
      if (run === undefined || run.attempt !== attempt || run.mode === "none" || run.mode === "retrying") continue;
      run.extra = { ...withoutWait(run.extra), reason, ...(wakeAt !== null && { wakeAt }) };
      rows.save(run, RUN_STATE.due);
      open.wait(run, "deferred", wakeAt ?? undefined);
    }
  };
