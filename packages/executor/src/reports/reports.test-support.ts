import type { DueRun } from "@tickline/shared/domain/due-run";
import type { EndedRun } from "@tickline/shared/domain/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";

/** A foreign executor that has a run in hand: what it reports. */
export const foreignExecutor = (name: string) => ({
  started: (run: DueRun): TicklineEvent => ({
    ...envelopeOf(run, name),
    id: `${run.runId}-${run.attempt}-started`,
    type: "JobStarted",
    data: { ...run, startedAt: 0, executor: name },
  }),
  heartbeat: (run: DueRun): TicklineEvent => ({
    ...envelopeOf(run, name),
    id: `${run.runId}-${run.attempt}-heartbeat`,
    type: "JobHeartbeat",
    data: { runId: run.runId, attempt: run.attempt },
  }),
  completed: (run: DueRun, ending: Partial<EndedRun> = {}): TicklineEvent => ({
    ...envelopeOf(run, name),
    id: `${run.runId}-${run.attempt}-completed`,
    type: "JobCompleted",
    data: { ...run, ...UNKNOWN_TO_IT, state: "succeeded", output: null, error: null, ...ending },
  }),
  failed(run: DueRun, { retryable = true } = {}): TicklineEvent {
    return this.completed(run, { state: "failed", error: { code: "oops", message: "it broke", retryable } });
  },
});

/** What only Tickline knows of a run: whatever a report says there counts for nothing. */
const UNKNOWN_TO_IT = { count: 1, scheduledForLast: null, reason: null, startedAt: null, finishedAt: 0 } as const;

const envelopeOf = ({ jobId, tenantId }: DueRun, source: string) => ({ source, subject: jobId, time: 0, tenantId }) as const;
