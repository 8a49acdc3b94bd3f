import { expect } from "@jest/globals";
import { Registry } from "prom-client";
import { z } from "zod";
import { createMemoryBus, type MemoryBus } from "@tickline/shared/adapters/memory/bus";
import type { BusFaults } from "@tickline/shared/adapters/memory/bus-faults";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Run } from "@tickline/shared/domain/run/run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Store } from "@tickline/shared/ports/store/store";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { addJob, addRuns, readRun } from "@tickline/shared/testing/contracts/store-steps";
import { START, type JobOverrides } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { EXECUTOR_DEFAULTS, type ExecutorConfig } from "./executor-config.ts";
import { createExecutor, type Executor } from "./executor.ts";
import { defineHandler, type Handler, type HandlerContext } from "./handlers/handler.ts";

export interface SetupOptions {
  /** The code of the handler `work`. Default: returns at once. */
  readonly run?: (context: HandlerContext<{ [name: string]: unknown }>) => unknown;
  readonly handlers?: readonly Handler[];
  readonly config?: Partial<ExecutorConfig>;
  readonly busFaults?: BusFaults;
  /** Replaces calls of the store by the executor: throw for a store that fails. */
  readonly claims?: (claims: Store["claims"]) => Partial<Store["claims"]>;
  /** By how much the store's clock is ahead of the executor's. */
  readonly storeAheadMs?: () => number;
  readonly announcements?: (announcements: Store["announcements"]) => Partial<Store["announcements"]>;
}

export interface World {
  readonly clock: ReturnType<typeof manualClock>;
  readonly store: Store;
  readonly bus: MemoryBus;
  readonly executor: Executor;
  /** One more, on the same store and bus. */
  another(executorId: string): Executor;
  readonly metrics: Registry;
  /** What was said on the topic of runs so far. */
  readonly events: TicklineEvent[];
  /** Messages of warnings and errors. */
  readonly logged: string[];
  /** All lines of the log, with their fields. */
  readonly lines: LogLine[];
  /** Whether the process was to end after its writes, or at once, each time the executor asked for it. */
  readonly ends: ("after writes" | "at once")[];
  /** A job of the handler `work`, and due runs of it that are not published yet. */
  due(count: number, overrides?: JobOverrides): Promise<DueRun[]>;
  publish(runs: readonly DueRun[]): Promise<void>;
  state(run: DueRun): Promise<Run>;
  states(runs: readonly DueRun[]): Promise<string[]>;
  /** Lets that much time pass, in steps, with turns of the event loop between them. */
  pass(ms: number): Promise<void>;
  /** Turns until it holds; fails after many. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** Of the defaults: a lease, and how long after its last renewal a handler is asked to end. */
export const { leaseMs: LEASE_MS } = EXECUTOR_DEFAULTS;
export const LEASE_ABORT_MS = LEASE_MS - EXECUTOR_DEFAULTS.leaseMarginMs;

const STEP_MS = 50;
const TURNS_MAX = 500;

export const turn = (): Promise<void> => new Promise((next) => setImmediate(next));
export const turns = async (count = 8): Promise<void> => {
  for (let index = 0; index < count; index += 1) await turn();
};
export const storeUnavailable = (): AppError => new AppError("store_unavailable", "the store is unavailable", { retryable: true });

/** A handler that runs until the test lets it end: `calls` are the contexts it was called with. */
export function heldHandler() {
  const calls: HandlerContext<{ [name: string]: unknown }>[] = [];
  const ends = new Map<string, PromiseWithResolvers<unknown>>();
  const run = (context: HandlerContext<{ [name: string]: unknown }>): Promise<unknown> => {
    calls.push(context);
    const end = Promise.withResolvers<unknown>();
    ends.set(context.runId, end);
    return end.promise;
  };
  return {
    run,
    calls,
    /** Like `run`, but ends at once when it is asked to. */
    runObeying(context: HandlerContext<{ [name: string]: unknown }>): Promise<unknown> {
      context.signal.addEventListener("abort", () => ends.get(context.runId)?.reject(context.signal.reason as Error));
      return run(context);
    },
    finish: (runId: string, output: unknown = null) => ends.get(runId)?.resolve(output),
    finishAll: () => ends.forEach((end) => end.resolve(null)),
    fail: (runId: string, error: unknown) => ends.get(runId)?.reject(error),
  };
}

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that keeps its lines, and the messages of warnings and errors. */
function recordingLog(logged: string[], lines: LogLine[]): Logger {
  const record =
    (level: LogLine["level"]) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push({ level, fields, message });
      if (level !== "info") logged.push(message);
    };
  const log = {
    debug: () => undefined,
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
    child: () => log,
  } as unknown as Logger;
  return log;
}

/** An executor on a memory store and bus, on time that stands still. Not started. */
export async function setup(options: SetupOptions = {}): Promise<World> {
  const clock = manualClock(START);
  const store = createMemoryStore({ clock, digest: sha256 });
  const bus = createMemoryBus({ clock, ...(options.busFaults && { faults: options.busFaults }) });
  const metrics = new Registry();
  const ends: World["ends"] = [];
  const logged: string[] = [];
  const lines: LogLine[] = [];
  const work = defineHandler({ type: "work", params: z.looseObject({}), run: options.run ?? (() => null) });
  const another = (executorId: string, registry = new Registry()): Executor =>
    createExecutor(
      {
        claims: { ...store.claims, ...options.claims?.(store.claims) },
        announcements: { ...store.announcements, ...options.announcements?.(store.announcements) },
        handlersRegistry: store.handlers,
        ping: async () => ({ now: clock.now() + (options.storeAheadMs?.() ?? 0) }),
        decided: store.decided,
        bus,
        clock,
        entropy: { ...systemEntropy, random: () => 0.5 },
        log: recordingLog(logged, lines),
        metrics: registry,
        handlers: [work, ...(options.handlers ?? [])],
        end: (_fault, how) => void ends.push(how?.atOnce === true ? "at once" : "after writes"),
      },
      { ...EXECUTOR_DEFAULTS, executorId, ...options.config },
    );
  const executor = another("executor-1", metrics);
  const events: TicklineEvent[] = [];
  await bus.subscribe({ topics: [RUNS_TOPIC], group: "test", from: "end", onBatch: (batch) => void events.push(...batch) });
  return { clock, store, bus, executor, another, metrics, events, logged, lines, ends, ...steps({ clock, store, bus, executor }) };
}

type Base = Pick<World, "clock" | "store" | "bus" | "executor">;

function steps({ clock, store, bus, executor }: Base) {
  let jobs = 0;
  const until: World["until"] = async (holds) => {
    for (let count = 0; count < TURNS_MAX; count += 1) {
      if (await holds()) return;
      await turn();
    }
    throw new Error(`still not so after ${TURNS_MAX} turns: ${holds.toString()}`);
  };
  const due: World["due"] = async (count, overrides = {}) => {
    jobs += 1;
    const definition = { handler: "work", params: {}, overlap: "allow", ...overrides.definition } as const;
    const job = await addJob(store, { id: `job-${jobs}`, ...overrides, definition });
    return addRuns(store, job, { count, now: clock.now() });
  };
  const pass: World["pass"] = async (ms) => {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      await turns(3);
      clock.advance(Math.min(STEP_MS, ms - passed));
    }
    await turns();
  };
  /** Stops the executor, letting time pass for its waits. */
  const close: World["close"] = async () => {
    let stopped = false;
    const stop = executor.stop().then(() => (stopped = true));
    while (!stopped) await pass(1_000);
    await stop;
    await bus.close();
    expect(clock.timers).toBe(0);
  };
  return {
    until,
    due,
    pass,
    close,
    publish: (runs: readonly DueRun[]) =>
      bus.publish(
        dueTopic(runs[0]?.queue ?? "default"),
        runs.map((run) => jobDue(run, clock.now())),
      ),
    state: (run: DueRun) => readRun(store, run),
    states: (runs: readonly DueRun[]) => Promise.all(runs.map(async (run) => (await readRun(store, run)).state)),
  };
}
