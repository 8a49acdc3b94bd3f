import { API_DEFAULTS } from "@tickline/api/api-config";
import { EXECUTOR_DEFAULTS, stopMsMax } from "@tickline/executor/executor-config";
import { CLOSE_MS_MAX } from "@tickline/shared/domain/time-limits";
import { AppError } from "@tickline/shared/domain/app-error";
import { isLoopback } from "@tickline/api/http/known-hosts";
import { keepAlive } from "@tickline/shared/adapters/system/keep-alive";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { createLogger } from "@tickline/shared/runtime/logger";
import type { EndProcess } from "@tickline/shared/runtime/process-work";
import { createProcessEnd } from "@tickline/shared/wiring/process-end";
import { loadHandlers } from "@tickline/executor/load-handlers";
import { banner } from "./banner.ts";
import { readCommandLine } from "./command-line.ts";
import { createStandalone, type Standalone } from "./compose.ts";
import type { StandaloneConfig } from "./config.ts";
import { dataPlace } from "./embedded-store.ts";

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
  const processEnd = createProcessEnd({ host: process, clock: systemClock, log, keepAlive });
  const end: EndProcess = (fault, how) => {
    complain(fault);
    processEnd.fail(fault, { why: "the process cannot go on", ...how });
  };
  try {
    const handlers = config.handlersDir === undefined ? [] : await loadHandlers(config.handlersDir);
    const standalone = await createStandalone({ ...config, handlers, retentionMs: config.retentionDays * DAY_MS, log, end });
    const service = { ...standalone, stop: standalone.close };
    processEnd.serve({ service, shutdownMs: shutdownMsOf(config), drainMs: config.drainMs });
    await standalone.start();
    greet(config, standalone);
  } catch (fault) {
    complain(fault);
    processEnd.exit(1);
  }
}

/** The executor and the api stop one after the other, then the store closes. */
const shutdownMsOf = ({ drainMs }: StandaloneConfig): number =>
  stopMsMax({ ...EXECUTOR_DEFAULTS, drainMs }) + API_DEFAULTS.drainMsMax + CLOSE_MS_MAX;

function greet(config: StandaloneConfig, { url, handlers }: Standalone): void {
  process.stdout.write(banner({ url: url ?? "", data: dataPlace(config), handlers, loopback: isLoopback(config.host) }));
}

const complain = (fault: unknown): boolean => process.stderr.write(`tickline: ${explain(fault)}\n`);

/** Faults a person can mend are said in one sentence; the others with their trace. */
function explain(fault: unknown): string {
  if (fault instanceof AppError && fault.code !== "internal") return fault.message;
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}

main().catch((fault: unknown) => {
  complain(fault);
  process.exit(1);
});
