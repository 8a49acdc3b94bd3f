import type { Server } from "./carry-out.ts";
import { createJobActor, type JobActor } from "./job-actor.ts";
import type { Target } from "./job-input.ts";
import { ALL_SHAPES, ONLY_LONG, type JobShapes } from "./job-shape.ts";
import { emptyLedger, type Ledger } from "./ledger.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";
import { createStatusPoller } from "./status-poller.ts";

export interface DriverOptions extends Server {
  readonly target: Target;
  readonly seed: number;
  /** Clients at once, each with a job of its own. */
  readonly actors: number;
  /** Longest wait of one client between two deeds, in milliseconds. */
  readonly paceMsMax: number;
  /** What kinds of jobs there are. Default: all. */
  readonly shapes?: JobShapes;
  /** So many of the actors have only jobs with long runs, whatever the seed, so that a process that is stopped interrupts some. Default 0. */
  readonly longActors?: number;
}

export interface Driver {
  readonly ledger: Ledger;
  start(): void;
  /** Ends every life where it stands, and pauses what is active, so that the product comes to rest. */
  settle(): Promise<void>;
  /** Stops at once, when there is no product left to drive. Safe to call after `settle`. */
  abandon(): void;
}

/** Clients that send random requests about their jobs, and record the answers. */
export function createDriver({
  client,
  whenUp,
  target,
  seed,
  actors,
  paceMsMax,
  shapes = ALL_SHAPES,
  longActors = 0,
}: DriverOptions): Driver {
  const ledger = emptyLedger();
  const stopping = new AbortController();
  const { signal } = stopping;
  const lives: Promise<void>[] = [];
  const server = { client, whenUp, ledger };
  const crew = Array.from({ length: actors }, (_, index) => {
    const random = seededRandom(seed, index);
    const shapesOfActor = index < longActors ? ONLY_LONG : shapes;
    return { random, actor: createJobActor({ ...server, target, name: `a${index}`, random }, shapesOfActor) };
  });
  const poller = createStatusPoller({
    ...server,
    random: seededRandom(seed, actors),
    jobIds: () => crew.flatMap(({ actor }) => actor.jobId ?? []),
  });
  return {
    ledger,
    start() {
      for (const { actor, random } of crew) lives.push(live(actor, { random, paceMsMax, signal }));
      lives.push(poller.poll(signal));
    },
    async settle() {
      stopping.abort();
      await Promise.all(lives);
      await Promise.all(crew.map(({ actor }) => actor.pause()));
    },
    abandon: () => stopping.abort(),
  };
}

interface Pace {
  readonly random: SeededRandom;
  readonly paceMsMax: number;
  readonly signal: AbortSignal;
}

/** The waits are the pace of the load, not a synchronisation: nothing depends on how long they take. */
async function live(actor: JobActor, { random, paceMsMax, signal }: Pace): Promise<void> {
  while (!signal.aborted) {
    await pause(random.whole(0, paceMsMax), signal);
    if (!signal.aborted) await actor.step();
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done);
  });
}
