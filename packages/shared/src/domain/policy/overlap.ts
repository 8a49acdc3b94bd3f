import { nextBackoffMs } from "../time/backoff.ts";
import type { Instant } from "../time/instant.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../time/time-limits.ts";

/**
 * What happens when a run of a job comes while another run of the job is in progress. `skip`: it does not run. `buffer_one`: it
 * waits, if no other run waits. `buffer_all`: it waits, behind at most `OVERLAP_BUFFER_MAX` others. `cancel_running`: the
 * run in progress is cancelled, and it runs after that one has ended. `allow`: it runs at once, beside the other.
 */
export const OVERLAP_POLICIES = ["skip", "buffer_one", "buffer_all", "cancel_running", "allow"] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** Most runs of one job that wait under `buffer_all`; one more is `skipped: buffer_full`. */
export const OVERLAP_BUFFER_MAX = 100;

/**
 * A run that waits for another is woken by the end of that one. If that wake is lost in a crash, it is claimed again after this long, then at
 * doubling intervals up to the maximum.
 */
const OVERLAP_WAIT_MS = 10_000;
const OVERLAP_WAIT_MS_MAX = 300_000;
export const waitMsAfter = (previousMs: number | null): number => nextBackoffMs(previousMs, OVERLAP_WAIT_MS, OVERLAP_WAIT_MS_MAX);

/**
 * Whether a run was deferred, to wait for another, since it was published: that publication is then outdated. A time in the
 * future was written by a clock that was ahead, and is ignored.
 */
export const wasAsideSince = (
  asideAt: Instant,
  { publishedAt = Infinity, now }: { readonly publishedAt?: Instant | undefined; readonly now: Instant },
): boolean => asideAt >= publishedAt && asideAt <= now + STORE_TIME_DIFFERENCE_MS_MAX;

/** Every policy but `allow` runs one run of the job at a time. */
export const isExclusive = (policy: OverlapPolicy): boolean => policy !== "allow";

/** An open run of the job with an exclusive policy, or the one to be started. */
export interface ContendingRun {
  readonly runId: string;
  readonly scheduledFor: Instant;
  readonly queue: string;
  readonly handler: string;
  /** The policy that it was fired under. */
  readonly overlap: OverlapPolicy;
  /** It has had an attempt: it is never skipped. */
  readonly started: boolean;
}

/**
 * Another open run of the job. `running`: it has the job's lock since `startedAt`. `ready`: due and unclaimed.
 * `waiting`: due, and deferred until another run of the job ends. Runs that wait for a retry, or for an executor that has their
 * handler, do not contend and are left out.
 */
export interface OverlapSibling extends ContendingRun {
  readonly standing: "running" | "ready" | "waiting";
  readonly startedAt: Instant | null;
}

export type OverlapVerdict =
  | { readonly kind: "start" }
  | { readonly kind: "skip"; readonly reason: "overlap" | "buffer_full" }
  /** It stays `due` and holds nothing; the end of `behind` wakes it. `cancels`: `behind` is asked to end. `supersedes`: these are skipped. */
  | { readonly kind: "wait"; readonly behind: OverlapSibling; readonly cancels: boolean; readonly supersedes: readonly string[] };

/** False for a run that no executor can run as it is stored: no other run waits for it. */
export type CanBeRun = (run: OverlapSibling) => boolean;

/**
 * Decides at the claim, from all open exclusive runs of the job, whether a run starts. An instant is skipped for overlap only if a
 * run of the job was in progress when the instant came. Two runs that are both late are a backlog: they run one after the other in the
 * order of `scheduledFor`. `canBeRun` is called for the runs that it would wait for, the oldest first.
 */
export function judgeOverlap(run: ContendingRun, siblings: readonly OverlapSibling[], canBeRun: CanBeRun = () => true): OverlapVerdict {
  const others = run.overlap === "allow" ? [] : siblings.filter(({ runId }) => runId !== run.runId);
  const holder = others.find(({ standing }) => standing === "running");
  if (holder === undefined) {
    const first = firstInOrder(
      others.filter((other) => goesBefore(other, run)),
      canBeRun,
    );
    return first === undefined ? { kind: "start" } : waitBehind(first);
  }
  if (run.started || !wasInProgress(holder, run)) return waitBehind(holder);
  const waiting = others.filter((other) => other.standing === "waiting" || (other.standing === "ready" && isBefore(other, run)));
  switch (run.overlap) {
    case "allow":
    case "skip":
      return { kind: "skip", reason: "overlap" };
    case "buffer_one":
      return waiting.length > 0 ? { kind: "skip", reason: "overlap" } : waitBehind(holder);
    case "buffer_all":
      return waiting.length >= OVERLAP_BUFFER_MAX ? { kind: "skip", reason: "buffer_full" } : waitBehind(holder);
    case "cancel_running": {
      const older = waiting.filter((other) => isSuperseded(other, { holder, by: run }));
      return { kind: "wait", behind: holder, cancels: true, supersedes: older.map(({ runId }) => runId) };
    }
    default: // A policy of a newer version: waiting breaks no policy, and the run is not lost.
      return waitBehind(holder);
  }
}

/**
 * The waiting runs of a job that may start, from all contenders for its lock: the oldest of each queue and handler, once none is in
 * progress. It is not known here which queue and handler an executor serves. In the order of their ids.
 */
export function waitingInTurn(contending: readonly OverlapSibling[], canBeRun: CanBeRun): readonly OverlapSibling[] {
  if (contending.some(({ standing }) => standing === "running")) return [];
  const firsts = new Map<string, OverlapSibling>();
  for (const run of inOrder(contending.filter(({ standing }) => standing === "waiting"))) {
    const lane = JSON.stringify([run.queue, run.handler]);
    if (!firsts.has(lane) && canBeRun(run)) firsts.set(lane, run);
  }
  return [...firsts.values()];
}

/** True: the other is ready or waits, and starts before the run, so the run is not the next of its job. */
export const isNextBefore = (other: OverlapSibling, run: ContendingRun): boolean => other.standing !== "running" && goesBefore(other, run);

/**
 * A run that waits under another policy, from before an edit, keeps its place: that policy promised it a start. A run that was started
 * is never skipped: unless a clock was set back, it started before the holder, and its instant is earlier.
 */
const isSuperseded = (other: OverlapSibling, { holder, by }: { readonly holder: OverlapSibling; readonly by: ContendingRun }): boolean =>
  other.overlap === "cancel_running" &&
  other.standing === "waiting" &&
  !other.started &&
  wasInProgress(holder, other) &&
  isBefore(other, by);

const waitBehind = (behind: OverlapSibling): OverlapVerdict => ({ kind: "wait", behind, cancels: false, supersedes: [] });

/** A run that began exactly at the instant was not in progress when the instant came. */
const wasInProgress = ({ startedAt }: OverlapSibling, { scheduledFor }: ContendingRun): boolean =>
  startedAt !== null && startedAt < scheduledFor;

/**
 * The order holds among runs of one queue and handler: after an edit of either, an older run may wait for an executor that no longer
 * exists, and nothing waits for it.
 */
const goesBefore = (other: ContendingRun, run: ContendingRun): boolean =>
  other.queue === run.queue && other.handler === run.handler && isBefore(other, run);

/** By run id, which sorts by `scheduledFor`. */
const isBefore = (left: ContendingRun, right: ContendingRun): boolean => left.runId < right.runId;

const firstInOrder = (runs: readonly OverlapSibling[], canBeRun: CanBeRun): OverlapSibling | undefined => inOrder(runs).find(canBeRun);

const inOrder = (runs: readonly OverlapSibling[]): OverlapSibling[] => runs.toSorted((left, right) => (isBefore(left, right) ? -1 : 1));
