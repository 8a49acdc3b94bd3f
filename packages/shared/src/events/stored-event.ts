import { isRecord, isText, isTime, isTimeOrNull, isWhole } from "../domain/json/stored-value.ts";
import type { JobEvent } from "./job-event.ts";

const TYPES: ReadonlySet<unknown> = new Set<JobEvent["type"]>(["JobCreated", "JobUpdated", "JobDeleted"]);

/** An event of an outbox. Throws if it cannot be published. */
export function readJobEvent(stored: unknown): JobEvent {
  if (!isRecord(stored) || !TYPES.has(stored["type"])) throw new TypeError("it is no event of a job");
  const { id, source, subject, time, tenantId, data } = stored;
  if (![id, source, subject, tenantId].every(isText) || !isTime(time)) throw new TypeError("its envelope cannot be read");
  if (!isRecord(data)) throw new TypeError("it has no data");
  const { jobUid, jobId, version, state, slot, nextRunAt, name, handler, queue } = data;
  const whole = [version, slot].every(isWhole) && isTimeOrNull(nextRunAt);
  if (!whole || ![jobUid, jobId, state, name, handler, queue].every(isText)) throw new TypeError("its data cannot be read");
  return stored as unknown as JobEvent;
}
