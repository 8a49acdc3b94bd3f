/** Definitions: JobCreated, JobUpdated, JobDeleted. */
export const JOBS_TOPIC = "tickline.jobs";
/** Progress and ends of runs: JobStarted, JobRetrying, JobCompleted, JobSkipped. */
export const RUNS_TOPIC = "tickline.runs";
/** Hints for every instance. */
export const CONTROL_TOPIC = "tickline.control";
/** Commands of services that use Kafka instead of HTTP. */
export const COMMANDS_TOPIC = "tickline.commands";
/** Replies to commands: CommandAnswered, CommandRefused. */
export const REPLIES_TOPIC = "tickline.replies";
/** Reports of foreign executors about runs of external queues. */
export const REPORTS_TOPIC = "tickline.reports";
/** One topic a queue: JobDue. */
export const dueTopic = (queue: string): string => `tickline.due.${queue}`;
