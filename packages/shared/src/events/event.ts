import type { Command } from "./command.ts";
import type { ControlEvent } from "./control-event.ts";
import type { JobDue } from "./job-due.ts";
import type { JobCompleted, JobSkipped } from "./job-ended.ts";
import type { JobEvent } from "./job-event.ts";
import type { JobHeartbeat } from "./job-heartbeat.ts";
import type { JobRetrying } from "./job-retrying.ts";
import type { JobStarted } from "./job-started.ts";
import type { Reply } from "./reply.ts";

/** All events of the bus. */
export type TicklineEvent =
  | JobEvent
  | JobDue
  | JobStarted
  | JobHeartbeat
  | JobRetrying
  | JobCompleted
  | JobSkipped
  | ControlEvent
  | Command
  | Reply;

/** The events of a job and its runs, in the order in which they occur: what the SSE stream and webhooks offer. */
export const PUBLIC_EVENT_TYPES = [
  "JobCreated",
  "JobUpdated",
  "JobDeleted",
  "JobDue",
  "JobStarted",
  "JobRetrying",
  "JobCompleted",
  "JobSkipped",
] as const satisfies readonly TicklineEvent["type"][];
