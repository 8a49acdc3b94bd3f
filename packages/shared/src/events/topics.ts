/** Definitions: JobCreated, JobUpdated, JobDeleted. */
export const JOBS_TOPIC = "tickline.jobs";
/** What runs come to: JobStarted, JobRetrying, JobCompleted, JobSkipped. */
export const RUNS_TOPIC = "tickline.runs";
/** Hints for every instance. */
export const CONTROL_TOPIC = "tickline.control";
/** Orders of services that would rather speak Kafka than HTTP. */
export const COMMANDS_TOPIC = "tickline.commands";
/** What became of these orders: CommandAnswered, CommandRefused. */
export const REPLIES_TOPIC = "tickline.replies";
/** What foreign executors say of the runs of external queues. */
export const REPORTS_TOPIC = "tickline.reports";
/** One topic a queue: JobDue. */
export const dueTopic = (queue: string): string => `tickline.due.${queue}`;
