import { API_SETTINGS } from "@tickline/api/api-config";
import { EXECUTOR_SETTINGS } from "@tickline/executor/executor-config";
import { SCHEDULER_SETTINGS } from "@tickline/scheduler/scheduler-config";
import { envExample, type ConfigTable } from "@tickline/shared/runtime/config/config";
import { LOCK_SETTINGS, SERVER_SETTINGS } from "@tickline/shared/wiring/open-servers";
import { TOPIC_SETTINGS } from "@tickline/shared/wiring/topic-settings";
import { STANDALONE_CONFIG } from "./config.ts";

/** Every table of settings, by the process that reads it: the parts of docs/configuration.md. */
export const SETTINGS_BY_PROCESS: Readonly<Record<string, ConfigTable>> = {
  standalone: STANDALONE_CONFIG,
  servers: { ...SERVER_SETTINGS, ...LOCK_SETTINGS },
  api: API_SETTINGS,
  scheduler: SCHEDULER_SETTINGS,
  executor: EXECUTOR_SETTINGS,
  topics: TOPIC_SETTINGS,
};

const { api, scheduler, executor, ...others } = SETTINGS_BY_PROCESS;
const HEADINGS: Readonly<Record<string, string>> = {
  standalone: "The one process: npm start",
  servers: "The three services: their servers",
  topics: "Topics: npm run topics",
};

const saidBefore = new Set([...Object.values(STANDALONE_CONFIG), ...Object.values(TOPIC_SETTINGS)].map(({ env }) => env));
/** What only the three services know; the rest of their settings are those of the one process, or of the topics. */
const own = Object.fromEntries(Object.entries({ ...api, ...scheduler, ...executor }).filter(([, { env }]) => !saidBefore.has(env)));

/** `.env.example`: each variable with its meaning, once in each part. */
export const ENV_EXAMPLE = [
  ...Object.entries(others).map(([name, table]) => `## ${HEADINGS[name] ?? name}\n\n${envExample(table)}`),
  `## The three services: npm run start:api, start:scheduler, start:executor\n\n${envExample(own)}`,
].join("\n");
