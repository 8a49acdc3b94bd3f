import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../runtime/log/logger.ts";
import type { AbandonableService } from "../runtime/service/process-work.ts";
import { createEndReport, type EndReport } from "./end-report.ts";
import { type SignalSender, STOP_SIGNALS, watchOwnSignals } from "./own-signals.ts";
import { stopNotice, tellTerminal } from "./stop-notice.ts";

/** The part of Node's `process` that is needed. */
export interface ProcessHost extends SignalSender {
  on(event: string, listener: (value: unknown) => void): unknown;
  prependListener(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): void;
  exitCode?: number | string | null | undefined;
}

export interface ProcessEndOptions {
  readonly host: ProcessHost;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps the process running while it waits for its last writes. */
  readonly keepAlive: () => void;
  /** Prints a line on the terminal. */
  readonly tell?: (line: string) => void;
}

export interface ServedProcess {
  readonly service: AbandonableService;
  /** The longest a stop may take, in milliseconds. */
  readonly shutdownMs: number;
  /** The part of that time for running handlers to finish, in milliseconds. */
  readonly drainMs: number;
}

export interface FailOptions {
  readonly why: string;
  /** The process ends without waiting for finished results. */
  readonly atOnce?: boolean;
}

/**
 * The ways one process ends. A signal from outside requests a stop: the service drains, runs that cannot finish are released, code 0. Every
 * other end is unexpected: running handlers are neither asked to end nor released, so that their runs
 * are rescued; finished results are written; code 1.
 */
export interface ProcessEnd {
  /** From here on signals stop this service, and faults abandon it. Before, a signal or a fault just ends the process. */
  serve(served: ServedProcess): void;
  /** Ends the process because of a fault. While it ends because of another, that is only logged, unless it has to end at once. */
  fail(fault: unknown, options: FailOptions): void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** After a fault the process ends within this time, in milliseconds: enough to write finished results to a store that answers. */
const FAULT_MS_MAX = 2_000;

/**
 * A signal that comes again so soon is the same one, in milliseconds: supervisors such as systemd send it to all processes of a service, and
 * `run.mjs`, or whatever else started this one, passes it on. Only a person presses ctrl-C twice.
 */
const SAME_SIGNAL_MS = 1_000;

const LEFT = "attempts that have not ended are left to be rescued";

interface Process extends ProcessEndOptions {
  served: ServedProcess | null;
  state: "running" | "stopping" | "failing";
  /** When the stop was asked for, by the monotonic clock. */
  stoppingSinceMs: number;
  /** True: this module called the exit. Any other exit was called by a handler, or by a library. */
  exiting: boolean;
  readonly report: EndReport;
}

export function createProcessEnd(options: ProcessEndOptions): ProcessEnd {
  const { host, log } = options;
  const report = createEndReport(log, () => own.served?.service.work() ?? null);
  const own: Process = { ...options, served: null, state: "running", stoppingSinceMs: 0, exiting: false, report };

  host.on("uncaughtException", (fault) => fail(own, fault, { why: "an error was thrown that was not caught" }));
  host.on("unhandledRejection", (fault) => fail(own, fault, { why: "a promise was rejected that was not awaited" }));
  // Both before the log's own listeners, which write out what the log has kept, and close it.
  host.prependListener("beforeExit", () => {
    if (own.served === null) return;
    report.say(`nothing keeps the process running: it ends with code 1; ${LEFT}`);
    exit(own, 1);
  });
  host.prependListener("exit", (code) => {
    if (own.exiting || own.served === null) return;
    host.exitCode = 1; // Any other code is ignored: the supervisor of the process must restart it.
    report.say(`something called process.exit(${String(code)}): the process ends with code 1; ${LEFT}`);
  });
  return {
    serve(served) {
      own.served = served;
      for (const signal of STOP_SIGNALS) host.on(signal, () => stop(own, served, signal));
      // The signal itself, which comes after it, is ignored then.
      watchOwnSignals(host, (call) => fail(own, new Error(call), { why: "something sent this process a signal that asks it to stop" }));
    },
    fail: (fault, how) => fail(own, fault, how),
    exit: (code) => exit(own, code),
  };
}

function exit(own: Process, code: number): void {
  own.exiting = true;
  own.host.exit(code);
}

function fail(own: Process, fault: unknown, { why, atOnce = false }: FailOptions): void {
  const { served, report, clock } = own;
  if (own.state === "failing") report.laterFault(fault);
  else report.fault(`${why}: the process ends with code 1; ${LEFT}`, fault);
  if (served === null || atOnce) return exit(own, 1);
  if (own.state === "failing") return;
  own.state = "failing";
  own.keepAlive();
  clock.setTimer(FAULT_MS_MAX, () => {
    report.say(`finished results were not written within ${FAULT_MS_MAX} ms: their runs are left to be rescued too`);
    exit(own, 1);
  });
  const { service } = served;
  void service
    .abandon()
    .catch(report.laterFault)
    .finally(() => exit(own, 1));
}

function stop(own: Process, served: ServedProcess, signal: string): void {
  const { service, shutdownMs } = served;
  const { report, clock } = own;
  if (own.state === "failing") return; // It is ending already.
  if (own.state === "stopping") {
    if (signal !== "SIGINT" && clock.monotonicMs() - own.stoppingSinceMs < SAME_SIGNAL_MS) return;
    report.say(`a second signal (${signal}) ends the process at once; ${LEFT}`);
    return exit(own, 1);
  }
  own.state = "stopping";
  own.stoppingSinceMs = clock.monotonicMs();
  sayStop(own, served, signal);
  own.keepAlive();
  clock.setTimer(shutdownMs, () => {
    if (own.state !== "stopping") return;
    report.say(`the stop took longer than ${shutdownMs} ms: the process ends; ${LEFT}`);
    exit(own, 1);
  });
  service.stop().then(
    () => (own.state === "stopping" ? exit(own, 0) : undefined),
    (fault: unknown) => fail(own, fault, { why: "the stop failed" }),
  );
}

/** A terminal sends SIGINT, and its user waits; all other signals come from programs. */
function sayStop({ report, tell = tellTerminal }: Process, { service, drainMs }: ServedProcess, signal: string): void {
  const { attempts, requests = null } = service.work();
  if (signal === "SIGINT") tell(stopNotice({ running: attempts.length, drainMs, requests }));
  else report.note("a signal asks the process to stop", { signal, drainMs });
}
