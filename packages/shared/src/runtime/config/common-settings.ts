import { z } from "zod";
import { BUILT_IN_QUEUES, QueueNameSchema, TIMEOUT_MS_MAX } from "../../domain/job/job-definition.ts";
import { LEASE_DEFAULTS } from "../../domain/run/lease-limits.ts";
import { RETENTION_MS_MIN } from "../../domain/time/time-limits.ts";
import { RESERVED_PERCENT_MAX, WORKER_SHARE_DEFAULTS } from "../../domain/queue/worker-shares.ts";
import { defineSetting, wholeNumber } from "./config.ts";

/** Settings that several kinds of processes share. */
export const hostSetting = defineSetting({
  env: "HOST",
  flag: "host",
  placeholder: "ADDRESS",
  fallback: "127.0.0.1",
  schema: z.string().min(1),
  description: "Address to listen on. There is no authentication yet: on an address that others can reach, they can run jobs.",
});

export const portSetting = defineSetting({
  env: "PORT",
  flag: "port",
  placeholder: "PORT",
  fallback: "7070",
  schema: wholeNumber(0, 65_535),
  description: "Port to listen on; 0 uses a free one.",
});

const hostList = z
  .string()
  .optional()
  .transform((text) => text?.split(",").map((name) => name.trim().toLowerCase()) ?? [])
  .pipe(z.array(z.string().regex(/^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/, "must be host names or addresses without ports, by commas")));

export const allowedHostsSetting = defineSetting({
  env: "ALLOWED_HOSTS",
  flag: null,
  placeholder: "NAMES",
  fallback: null,
  schema: hostList,
  description:
    "Host names that are served besides `localhost`, `127.0.0.1` and `[::1]`, for example those of a proxy: separated by commas, without ports. On an address that others can reach, all host names are served unless this is set.",
});

export const handlersDirSetting = defineSetting({
  env: "HANDLERS_DIR",
  flag: "handlers",
  placeholder: "DIR",
  fallback: null,
  schema: z.string().min(1).optional(),
  description: "Folder with your own handlers: `.ts`, `.js` or `.mjs` files.",
});

export const queuesSetting = defineSetting({
  env: "QUEUES",
  flag: null,
  placeholder: "NAMES",
  fallback: BUILT_IN_QUEUES.join(","),
  schema: z
    .string()
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(z.array(QueueNameSchema).min(1)),
  description: "Queues that jobs may use, separated by commas.",
});

export const externalQueuesSetting = defineSetting({
  env: "EXTERNAL_QUEUES",
  flag: null,
  placeholder: "NAMES",
  fallback: null,
  schema: z
    .string()
    .optional()
    .transform((text) => text?.split(",").map((name) => name.trim()) ?? [])
    .pipe(z.array(QueueNameSchema)),
  description:
    "Queues of your own executors, separated by commas, in addition to `QUEUES`; the same in all processes. Jobs on them may name any handler. Tickline executes none of their runs: executors claim them over HTTP, or report them on `tickline.reports`.",
});

export const workersMaxSetting = defineSetting({
  env: "WORKERS_MAX",
  flag: "workers",
  placeholder: "COUNT",
  fallback: "200",
  schema: wholeNumber(1, 10_000),
  description: "Number of handlers that run at once. They share one thread, so more helps only if they mostly wait for other services.",
});

export const queueWorkersPercentSetting = defineSetting({
  env: "QUEUE_WORKERS_PERCENT",
  flag: null,
  placeholder: "PERCENT",
  fallback: String(WORKER_SHARE_DEFAULTS.queueWorkersPercent),
  schema: wholeNumber(0, RESERVED_PERCENT_MAX),
  description:
    "Percent of the workers that are reserved for each queue, so that hung handlers of one queue do not block the others. At least one worker each, in the order of `QUEUES`; all reservations together are at most half of the workers. 0: no reservation.",
});

export const jobWorkersPercentSetting = defineSetting({
  env: "JOB_WORKERS_PERCENT",
  flag: null,
  placeholder: "PERCENT",
  fallback: String(WORKER_SHARE_DEFAULTS.jobWorkersPercent),
  schema: wholeNumber(1, 100),
  description: "Percent of the workers that runs of one job may hold, at least one worker. `workersMax` of a job takes precedence.",
});

export const timeoutMaxMsSetting = defineSetting({
  env: "TIMEOUT_MAX_MS",
  flag: null,
  placeholder: "MS",
  fallback: String(TIMEOUT_MS_MAX),
  schema: wholeNumber(1, TIMEOUT_MS_MAX),
  description:
    "Largest `timeoutMs` that a job may be given, in milliseconds. Jobs that already have a larger one keep it. A smaller maximum frees the workers of hung handlers sooner.",
});

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A number of days, read as milliseconds. */
export const daysSetting = (
  env: string,
  { fallback, min = 1, description }: { readonly fallback: string; readonly min?: number; readonly description: string },
) =>
  defineSetting({
    env,
    flag: null,
    placeholder: "DAYS",
    fallback,
    schema: wholeNumber(min, 3_650).transform((count) => count * DAY_MS),
    description,
  });

export const topicRetentionSetting = daysSetting("TOPIC_RETENTION_DAYS", {
  fallback: "3",
  description:
    "Days for which topics keep messages. The store has all data, so a topic only has to bridge the time in which readers are unavailable.",
});

export const retentionSetting = daysSetting("RETENTION_DAYS", {
  fallback: "7",
  min: RETENTION_MS_MIN / DAY_MS,
  description: "Days for which finished runs are kept.",
});

export const drainMsSetting = defineSetting({
  env: "DRAIN_MS",
  flag: null,
  placeholder: "MS",
  fallback: "10000",
  schema: wholeNumber(0, 3_600_000),
  description:
    "Milliseconds that running handlers have to finish at shutdown. Then they are aborted, and their runs start again at the next start.",
});

export const drainNoticeSetting = defineSetting({
  env: "DRAIN_NOTICE_MS",
  flag: null,
  placeholder: "MS",
  fallback: "2000",
  schema: wholeNumber(0, 3_600_000),
  description:
    "Milliseconds for which the api still serves requests at shutdown while `/readyz` already answers 503, so that a load balancer can notice. 0 if there is none.",
});

const milliseconds = (
  env: string,
  { fallback, min, description }: { readonly fallback: number; readonly min: number; readonly description: string },
) => defineSetting({ env, flag: null, placeholder: "MS", fallback: String(fallback), schema: wholeNumber(min, HOUR_MS), description });

export const leaseMsSetting = milliseconds("LEASE_MS", {
  fallback: LEASE_DEFAULTS.leaseMs,
  min: 1,
  description:
    "Milliseconds for which an executor has the right to run an attempt after each renewal; the same in executors and schedulers. Runs of a killed executor start again about 10 s after the end of the lease. The lease has to be long enough for a failover of the store: `LEASE_MS - LEASE_MARGIN_MS` must be at least `2 * HEARTBEAT_MS + STORE_FAILOVER_MS + 1000`.",
});

export const heartbeatMsSetting = milliseconds("HEARTBEAT_MS", {
  fallback: LEASE_DEFAULTS.heartbeatMs,
  min: 1,
  description:
    "Milliseconds between two renewals of the leases; the same in executors and schedulers. If there is no answer within this time, the renewal is sent again.",
});

export const leaseMarginMsSetting = milliseconds("LEASE_MARGIN_MS", {
  fallback: LEASE_DEFAULTS.leaseMarginMs,
  min: 1,
  description:
    "If a lease could not be renewed, its handler is aborted this many milliseconds before the end of the lease. If the handler still runs at the end of the lease, the process ends.",
});

export const storeFailoverMsSetting = milliseconds("STORE_FAILOVER_MS", {
  fallback: LEASE_DEFAULTS.storeFailoverMs,
  min: 0,
  description:
    "Milliseconds for which the store may be unavailable without any handler being aborted, for example while MongoDB elects a primary. It is only used to check the lease at start.",
});

export const logLevelSetting = defineSetting({
  env: "LOG_LEVEL",
  flag: "log-level",
  placeholder: "LEVEL",
  fallback: "info",
  schema: z.enum(["debug", "info", "warn", "error", "silent"], "must be debug, info, warn, error or silent"),
  description:
    "Lowest level of log lines on standard error: as JSON, or as readable lines on a terminal. `info` logs the start and the end of each run, `warn` only failed runs.",
});
