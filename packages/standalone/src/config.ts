import { z } from "zod";
import { BUILT_IN_QUEUES, QueueNameSchema } from "@tickline/shared/domain/job-definition";
import { wholeNumber, type ConfigKey, type ConfigOf } from "@tickline/shared/runtime/config";

const key = <Value>(definition: ConfigKey<Value>): ConfigKey<Value> => definition;

const queueList = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .pipe(z.array(QueueNameSchema).min(1));

const hostList = z
  .string()
  .optional()
  .transform((text) => text?.split(",").map((name) => name.trim().toLowerCase()) ?? [])
  .pipe(z.array(z.string().regex(/^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/, "must be host names or addresses without ports, by commas")));

/** Every setting of the one process. `--help`, `.env.example` and docs/configuration.md are made from this table. */
export const STANDALONE_CONFIG = {
  host: key({
    env: "HOST",
    flag: "host",
    placeholder: "ADDRESS",
    fallback: "127.0.0.1",
    schema: z.string().min(1),
    description: "Address to listen on. There is no authentication yet: an address others can reach lets them run jobs.",
  }),
  port: key({
    env: "PORT",
    flag: "port",
    placeholder: "PORT",
    fallback: "7070",
    schema: wholeNumber(0, 65_535),
    description: "Port to listen on; 0 takes a free one.",
  }),
  allowedHosts: key({
    env: "ALLOWED_HOSTS",
    flag: null,
    placeholder: "NAMES",
    fallback: null,
    schema: hostList,
    description:
      "Host names that requests may be for besides `localhost`, `127.0.0.1` and `[::1]`, by commas and without ports, as behind a proxy. On an address others can reach all are served unless some are named here.",
  }),
  dataDir: key({
    env: "DATA_DIR",
    flag: "data",
    placeholder: "DIR",
    fallback: "./data",
    schema: z.string().min(1),
    description: "Folder of the database. It belongs to one process at a time.",
  }),
  handlersDir: key({
    env: "HANDLERS_DIR",
    flag: "handlers",
    placeholder: "DIR",
    fallback: null,
    schema: z.string().min(1).optional(),
    description: "Folder with handlers of your own, one `.ts`, `.js` or `.mjs` file each.",
  }),
  storeUrl: key({
    env: "STORE_URL",
    flag: null,
    placeholder: "URL",
    fallback: null,
    schema: z
      .string()
      .regex(/^(sqlite:.+|memory:)$/, "must be sqlite:<file> or memory: in the one process")
      .optional(),
    description:
      "Where jobs and runs are kept: `sqlite:<file>` (default: `tickline.db` in the data folder), or `memory:`, which forgets everything at the end.",
  }),
  queues: key({
    env: "QUEUES",
    flag: null,
    placeholder: "NAMES",
    fallback: BUILT_IN_QUEUES.join(","),
    schema: queueList,
    description: "Queues that jobs may use, by commas.",
  }),
  workersMax: key({
    env: "WORKERS_MAX",
    flag: "workers",
    placeholder: "COUNT",
    fallback: "200",
    schema: wholeNumber(1, 10_000),
    description: "Handlers that run at once. They share one thread, so more helps only while they wait for others.",
  }),
  retentionDays: key({
    env: "RETENTION_DAYS",
    flag: null,
    placeholder: "DAYS",
    fallback: "7",
    schema: wholeNumber(1, 3_650),
    description: "Days for which finished runs are kept.",
  }),
  drainMs: key({
    env: "DRAIN_MS",
    flag: null,
    placeholder: "MS",
    fallback: "10000",
    schema: wholeNumber(0, 3_600_000),
    description: "Milliseconds that running handlers get to finish at shutdown, before they are aborted and run again at the next start.",
  }),
  logLevel: key({
    env: "LOG_LEVEL",
    flag: "log-level",
    placeholder: "LEVEL",
    fallback: "warn",
    schema: z.enum(["debug", "info", "warn", "error", "silent"], "must be debug, info, warn, error or silent"),
    description: "Least severe log lines to write, as JSON on standard error.",
  }),
};

export type StandaloneConfig = ConfigOf<typeof STANDALONE_CONFIG>;
