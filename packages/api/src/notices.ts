import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import { cancelRequested, runsReady, type ControlContext } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { runEnded } from "@tickline/shared/events/job-ended";
import type { JobEvent } from "@tickline/shared/events/job-event";
import { CONTROL_TOPIC, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { logEnd } from "@tickline/shared/runtime/log/ended-run-log";
import { createPacedLog } from "@tickline/shared/runtime/log/paced-log";
import type { ApiDeps } from "./api-deps.ts";

/**
 * Publishes the changes that the api wrote. No request waits for this or fails because of it. What is not published now, the scheduler's sweeps of outbox
 * and announcements publish a little later.
 */
export interface Notices {
  jobWritten(event: JobEvent): void;
  /** A fire of the api made runs of this queue publishable. */
  runsReady(queue: string): void;
  cancelRequested(runId: string): void;
  /** Runs that a cancel of the api ended. Each is also logged, like every end of a run. */
  runsEnded(runs: readonly EndedRun[]): void;
  /** What became of runs that executors over HTTP have. Ends that were published are noted, so that no sweep repeats them. */
  attempts(events: readonly TicklineEvent[]): void;
  /** Resolves when everything has been sent. */
  idle(): Promise<void>;
}

export type NoticesDeps = Pick<ApiDeps, "bus" | "outbox" | "announcements" | "clock" | "entropy" | "log">;

export function createNotices(
  { bus, outbox, announcements, clock, entropy, log }: NoticesDeps,
  { noticesPendingMax }: { noticesPendingMax: number },
): Notices {
  const runLog = createPacedLog(log, clock);
  let written: JobEvent[] = [];
  let sending: Promise<void> | null = null;

  /** Sends one batch at a time; the next one collects meanwhile. So a burst of creates is a few publishes, not thousands. */
  async function sendWritten(): Promise<void> {
    while (written.length > 0) {
      const batch = written;
      written = [];
      try {
        await bus.publish(JOBS_TOPIC, batch);
        await outbox.sent(batch.map(({ id }) => id));
      } catch (fault) {
        log.warn({ err: fault, events: batch.length }, "job events stay in the outbox until its sweep");
      }
    }
    sending = null;
  }
  const { hint, hintsUnderWay } = createHints({ bus, log }, noticesPendingMax);
  const context = (): ControlContext => ({ id: entropy.newId(), time: clock.now(), source: "tickline/api", tenantId: DEFAULT_TENANT });
  return {
    jobWritten(event) {
      if (written.length < noticesPendingMax) written.push(event);
      sending ??= sendWritten();
    },
    runsReady: (queue) => hint(CONTROL_TOPIC, [runsReady([queue], context())]),
    cancelRequested: (runId) => hint(CONTROL_TOPIC, [cancelRequested(runId, context())]),
    runsEnded(runs) {
      if (runs.length === 0) return;
      for (const run of runs) logEnd(runLog, run);
      hint(
        RUNS_TOPIC,
        runs.map((run) => runEnded(run, "tickline/api")),
      );
    },
    attempts(events) {
      if (events.length === 0) return;
      const ended = events.flatMap(({ type, data }) => (type === "JobCompleted" || type === "JobSkipped" ? [data] : []));
      for (const run of ended) logEnd(runLog, run);
      const noteEnds = async (): Promise<void> => {
        if (ended.length > 0) await announcements.announced(ended.map(({ runId }) => runId));
      };
      hint(RUNS_TOPIC, events, noteEnds);
    },
    async idle() {
      while (sending !== null || hintsUnderWay().length > 0) await Promise.all([sending, ...hintsUnderWay()]);
    },
  };
}

/** Sends events for which nothing waits. A topic that does not answer delays no other. */
function createHints({ bus, log }: Pick<NoticesDeps, "bus" | "log">, pendingMax: number) {
  /** By topic. */
  const sending = new Map<string, Set<Promise<void>>>();

  function hint(topic: string, events: readonly TicklineEvent[], onSent: () => Promise<void> = () => Promise.resolve()): void {
    const underWay = sending.get(topic) ?? new Set();
    sending.set(topic, underWay);
    if (underWay.size >= pendingMax) return; // The topic does not answer, and a late hint is useless.
    const sent = bus
      .publish(topic, events)
      .then(onSent)
      .catch((fault: unknown) => log.warn({ err: fault, topic }, "a hint was not published"))
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  }
  return { hint, hintsUnderWay: (): Promise<void>[] => [...sending.values()].flatMap((underWay) => [...underWay]) };
}
