import { systemClock } from "../adapters/system/clock.ts";
import { AppError } from "../domain/app-error.ts";
import { readConfig } from "../runtime/config/config.ts";
import { createLogger } from "../runtime/log/logger.ts";
import { busUrlSetting, kafkaSettings, storeUrlSetting } from "../runtime/config/server-settings.ts";
import { examineData } from "./doctor/data-check.ts";
import { examine, formatReport } from "./doctor/doctor.ts";
import { toKafkaSecurity } from "./open-servers.ts";
import { SERVER_CHECKS } from "./doctor/server-checks.ts";
import { TOPIC_SETTINGS } from "./topic-settings.ts";

const ANSWER_MS_MAX = 30_000;
const say = (text: string): void => void process.stdout.write(text);
const sources = { env: process.env, flags: {} };

/** Admin commands. Each resolves to the exit code. */
const COMMANDS: Readonly<Record<string, () => Promise<number>>> = {
  async doctor() {
    const dir = dataOption(process.argv.slice(3));
    const findings =
      dir === null ? await examine(SERVER_CHECKS, { env: process.env, clock: systemClock, answerMs: ANSWER_MS_MAX }) : [examineData(dir)];
    say(formatReport(findings));
    return findings.some(({ kind }) => kind === "fails") ? 1 : 0;
  },
  async topics() {
    const { url, queues, externalQueues, partitions, replicas, retentionMs, deadRetentionMs, ...security } = readConfig(
      { url: busUrlSetting, ...kafkaSettings, ...TOPIC_SETTINGS },
      sources,
    );
    const { ensureTopics } = await import("../adapters/kafka/topics-command.ts");
    const { planTopics } = await import("../adapters/kafka/topic-plan.ts");
    const topics = planTopics({ queues: [...queues, ...externalQueues], partitions, replicas, retentionMs, deadRetentionMs });
    const outcomes = await ensureTopics({
      url,
      security: toKafkaSecurity(security),
      clientId: "tickline-topics",
      log: createLogger("warn"),
      topics,
    });
    for (const { topic, kind, note } of outcomes) say(`${kind.padEnd(10)}${topic}${note === "" ? "" : `: ${note}`}\n`);
    return 0;
  },
  async migrate() {
    const { url } = readConfig({ url: storeUrlSetting }, sources);
    const { migrateMongodb } = await import("../adapters/mongodb/collections/migrations.ts");
    const { from, to, steps } = await migrateMongodb({ url });
    say(steps.length === 0 ? `the database is up to date (schema ${to})\n` : `schema ${from} became ${to}: ${steps.join("; ")}\n`);
    return 0;
  },
};

/** `--data DIR`: the doctor checks that folder, and no servers. */
function dataOption(words: readonly string[]): string | null {
  const [option, dir, ...others] = words.flatMap((word) =>
    word.startsWith("--data=") ? ["--data", word.slice("--data=".length)] : [word],
  );
  if (option === undefined) return null;
  if (option === "--data" && dir !== undefined && dir !== "" && others.length === 0) return dir;
  throw new AppError("bad_config", `${words.join(" ")} is not known: there is --data DIR, to look at a data folder`);
}

/** `npm run doctor`, `npm run topics`, `npm run migrate`. */
async function runAdminCommand(word: string): Promise<number> {
  const command = COMMANDS[word];
  if (command === undefined) throw new AppError("bad_config", `there is ${Object.keys(COMMANDS).join(", ")}, and no ${word}`);
  return command();
}

runAdminCommand(process.argv[2] ?? "nothing").then(
  (code) => process.exit(code),
  (fault: unknown) => {
    process.stderr.write(`tickline: ${fault instanceof AppError ? fault.message : String(fault)}\n`);
    process.exit(1);
  },
);
