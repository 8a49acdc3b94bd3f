import { constants } from "node:os";

/** Signals by which users and orchestrators request a stop. Others, such as SIGABRT and SIGSEGV, mean a broken process, and end it. */
export const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"] as const;

/** The part of Node's `process` that is needed. */
export interface SignalSender {
  readonly pid: number;
  kill(pid: number, signal?: string | number): true;
}

/**
 * Calls `onOwn` just before code of this process asks its own process to stop (`process.kill`). It has to be noticed here: a
 * signal that has arrived does not say who sent it. Signals that other processes send, and threads of this one, are not noticed.
 */
export function watchOwnSignals(host: SignalSender, onOwn: (call: string) => void): void {
  const kill = host.kill.bind(host);
  host.kill = (pid, signal = "SIGTERM") => {
    if (namesItself(host, pid) && asksForStop(signal)) onOwn(`process.kill(${pid}, ${signal})`);
    return kill(pid, signal);
  };
}

/** By its number, or as a member of its process group. */
const namesItself = (host: SignalSender, pid: number): boolean => [host.pid, 0, -host.pid].includes(Number(pid));

const asksForStop = (signal: string | number): boolean =>
  STOP_SIGNALS.some((name) => signal === name || signal === (constants.signals as Record<string, number>)[name]);
