import { isCompleted } from "../domain/run/run-state.ts";
import type { EndedRun } from "../domain/run/settlement.ts";
import type { Envelope, EventSource } from "./envelope.ts";

/** A run that had started, or was cancelled, has ended: `succeeded`, `failed`, `cancelled` or `lost`. */
export type JobCompleted = Envelope<"JobCompleted", EndedRun>;
/** A run that did not run, and why: `skipped` or `missed`, possibly a counted range. */
export type JobSkipped = Envelope<"JobSkipped", EndedRun>;

/** The event that announces the end of a run. One run ends once, so its id is the event's. */
export function runEnded(run: EndedRun, source: EventSource): JobCompleted | JobSkipped {
  const common = { id: `${run.runId}-ended`, source, subject: run.jobId, time: run.finishedAt, tenantId: run.tenantId, data: run };
  return isCompleted(run.state) ? { type: "JobCompleted", ...common } : { type: "JobSkipped", ...common };
}
