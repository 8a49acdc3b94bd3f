import { BUILT_IN_OPTIONS } from "@tickline/executor/built-in-settings";
import { z } from "zod";
import {
  allowedHostsSetting,
  drainMsSetting,
  handlersDirSetting,
  hostSetting,
  jobWorkersPercentSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  queueWorkersPercentSetting,
  retentionSetting,
  timeoutMaxMsSetting,
  workersMaxSetting,
} from "@tickline/shared/runtime/config/common-settings";
import { defineSetting, type ConfigOf } from "@tickline/shared/runtime/config/config";

/** Every setting of the one process. `--help`, `.env.example` and docs/configuration.md are made from this table. */
export const STANDALONE_CONFIG = {
  host: hostSetting,
  port: portSetting,
  allowedHosts: allowedHostsSetting,
  dataDir: defineSetting({
    env: "DATA_DIR",
    flag: "data",
    placeholder: "DIR",
    fallback: "./data",
    schema: z.string().min(1),
    description: "Folder of the database. It belongs to one process at a time.",
  }),
  handlersDir: handlersDirSetting,
  storeUrl: defineSetting({
    env: "STORE_URL",
    flag: null,
    placeholder: "URL",
    fallback: null,
    schema: z
      .string()
      .regex(/^sqlite:.+$/, "must be sqlite:<file> in the one process")
      .optional(),
    description: "Where jobs and runs are kept: `sqlite:<file>`. Default: `tickline.db` in the data folder.",
  }),
  acceptLoss: defineSetting({
    env: "ACCEPT_LOSS",
    flag: "accept-loss",
    placeholder: "",
    fallback: "false",
    schema: z.enum(["true", "false"], "must be true or false").transform((text) => text === "true"),
    description:
      "Starts although jobs and runs that were acknowledged are missing from the data folder. Use it for one start only: later losses would not be reported.",
  }),
  queues: queuesSetting,
  workersMax: workersMaxSetting,
  queueWorkersPercent: queueWorkersPercentSetting,
  jobWorkersPercent: jobWorkersPercentSetting,
  timeoutMsMax: timeoutMaxMsSetting,
  retentionMs: retentionSetting,
  drainMs: drainMsSetting,
  ...BUILT_IN_OPTIONS,
  logLevel: logLevelSetting,
};

export type StandaloneConfig = ConfigOf<typeof STANDALONE_CONFIG>;
