import { API_SETTINGS } from "@tickline/api/api-settings";
import { EXECUTOR_SETTINGS } from "@tickline/executor/executor-settings";
import { SCHEDULER_SETTINGS } from "@tickline/scheduler/scheduler-settings";
import { envExample, type ConfigTable } from "@tickline/shared/runtime/config";
import { LOCK_SETTINGS, SERVER_SETTINGS } from "@tickline/shared/wiring/open-servers";
import { TOPIC_SETTINGS } from "@tickline/shared/wiring/topic-settings";
import { STANDALONE_CONFIG } from "./config.ts";

/** Every table of settings there is, by what reads it: the parts of docs/configuration.md. */
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

/** What only one of the three services knows; the rest of their settings are those of the one process. */
const own = Object.fromEntries(Object.entries({ ...api, ...scheduler, ...executor }).filter(([name]) => !(name in STANDALONE_CONFIG)));

/** `.env.example`: each variable with its meaning, once in each part. */
export const ENV_EXAMPLE = [
  ...Object.entries(others).map(([name, table]) => `## ${HEADINGS[name] ?? name}\n\n${envExample(table)}`),
  `## The scheduler: npm run start:scheduler\n\n${envExample(own)}`,
].join("\n");
