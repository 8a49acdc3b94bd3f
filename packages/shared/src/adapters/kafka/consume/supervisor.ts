import { AppError } from "../../../domain/app-error.ts";
import type { Clock, Timer } from "../../../ports/clock.ts";
import type { Logger } from "../../../runtime/log/logger.ts";

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly group: string;
  readonly sessionMs: number;
  /** Longest wait for one answer of a broker, in milliseconds. */
  readonly answerMs: number;
  /** Whether a broker answers, by a connection of its own. */
  readonly brokerAnswers: () => Promise<boolean>;
  /** Called once, with the reason: a process must not continue without its consumer. */
  readonly onDead: (fault: AppError) => void;
}

/**
 * Watches one consumer. It has failed when it has crashed for good, or when no heartbeat was answered for `deafMsMax` while brokers answer other
 * requests. While no broker answers, the consumer is only disconnected: it reconnects, and the rest of the process works meanwhile.
 */
export interface Supervisor {
  /** A heartbeat was answered, or the group joined. */
  alive(): void;
  crashed(cause: Error): void;
  stop(): void;
}

export function createSupervisor({ clock, log, group, sessionMs, answerMs, brokerAnswers, onDead }: SupervisorOptions): Supervisor {
  // kafkajs sends no heartbeat while it waits for a broker that hangs, the leader of a partition or the coordinator of the group. This is
  // the time for one such request, and for finding another broker and rejoining the group. A consumer that takes longer has failed.
  const deafMsMax = answerMs + 2 * sessionMs;
  let stopped = false;
  let aliveAtMs = clock.monotonicMs();
  /** Since when brokers answer and the consumer does not; null: the consumer works, or brokers do not answer. */
  let deafSinceMs: number | null = null;
  let timer: Timer = clock.setTimer(sessionMs, () => void check());

  async function check(): Promise<void> {
    const silentMs = clock.monotonicMs() - aliveAtMs;
    if (silentMs < sessionMs) deafSinceMs = null;
    else if (!(await brokerAnswers())) {
      deafSinceMs = null;
      log.warn({ group, silentMs: Math.round(silentMs) }, "no broker answers; the consumer waits for one");
    } else if (stopped) return;
    else {
      deafSinceMs ??= clock.monotonicMs();
      if (clock.monotonicMs() - deafSinceMs >= deafMsMax) {
        return die(`has had no heartbeat answered for ${Math.round(silentMs / 1_000)} s, though a broker answers`);
      }
    }
    if (!stopped) timer = clock.setTimer(sessionMs / 2, () => void check());
  }
  function die(problem: string, cause?: Error): void {
    if (stopped) return;
    stop();
    onDead(new AppError("bus_unavailable", `the consumer of ${group} ${problem}`, { cause }));
  }
  function stop(): void {
    stopped = true;
    timer.cancel();
  }
  return {
    alive() {
      aliveAtMs = clock.monotonicMs();
      deafSinceMs = null;
    },
    crashed: (cause) => die(`has crashed: ${cause.message}`, cause),
    stop,
  };
}
