import { AppError } from "@tickline/shared/domain/app-error";
import { isLoopback } from "@tickline/api/http/known-hosts";
import { createLogger } from "@tickline/shared/runtime/logger";
import { loadHandlers } from "@tickline/executor/load-handlers";
import closeWithGrace from "close-with-grace";
import { banner } from "./banner.ts";
import { readCommandLine } from "./command-line.ts";
import { createStandalone } from "./compose.ts";
import type { StandaloneConfig } from "./config.ts";
import { dataPlace } from "./embedded-store.ts";

/** Beyond the drain: for the last writes, and for what a handler left undone. */
const SHUTDOWN_MS_MORE = 20_000;
const DAY_MS = 86_400_000;

/** `npm start`: everything in one process. */
async function main(): Promise<void> {
  const line = readCommandLine(process.argv.slice(2), process.env);
  if (line.kind === "exit") {
    process.exitCode = line.code;
    return;
  }
  await run(line.config);
}

async function run(config: StandaloneConfig): Promise<void> {
  const log = createLogger(config.logLevel);
  const handlers = config.handlersDir === undefined ? [] : await loadHandlers(config.handlersDir);
  const onStoreLost = (fault: AppError): void => {
    // What was acknowledged is on disk; the rest is taken up at the next start.
    process.stderr.write(`tickline: the store is gone, so the process ends: ${fault.message}\n`);
    process.exit(1);
  };
  const standalone = await createStandalone({ ...config, handlers, retentionMs: config.retentionDays * DAY_MS, log, onStoreLost });
  closeWithGrace({ delay: config.drainMs + SHUTDOWN_MS_MORE, logger: false }, async ({ err }) => {
    if (err !== undefined) log.error({ err }, "an unexpected fault ends the process; what was running is taken up at the next start");
    await standalone.close();
  });
  await standalone.start();
  process.stdout.write(
    banner({
      url: standalone.url ?? "",
      data: dataPlace(config),
      handlers: standalone.handlers,
      loopback: isLoopback(config.host),
    }),
  );
}

/** Faults a person can mend are said in one sentence; the others with their trace. */
function explain(fault: unknown): string {
  if (fault instanceof AppError && fault.code !== "internal") return fault.message;
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}

main().catch((fault: unknown) => {
  process.stderr.write(`tickline: ${explain(fault)}\n`);
  process.exit(1);
});
