import { API_DEFAULTS } from "@tickline/api/api-config";
import { EXECUTOR_DEFAULTS, stopMsMax } from "@tickline/executor/executor-config";
import { CLOSE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import { AppError } from "@tickline/shared/domain/app-error";
import { isLoopback } from "@tickline/shared/domain/http/loopback";
import { keepAlive } from "@tickline/shared/adapters/system/keep-alive";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { createLogger } from "@tickline/shared/runtime/log/logger";
import type { EndProcess } from "@tickline/shared/runtime/service/process-work";
import { createProcessEnd } from "@tickline/shared/wiring/process-end";
import { loadHandlers } from "@tickline/executor/load-handlers";
import { readCommandLine } from "./command-line.ts";
import { createStandalone, type Standalone } from "./compose.ts";
import type { StandaloneConfig } from "./config.ts";
import { databaseFile } from "./embedded-store.ts";

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
    const standalone = await createStandalone({ ...config, environment: process.env, handlers, log, end });
    const service = { ...standalone, stop: standalone.close };
    processEnd.serve({ service, shutdownMs: computeShutdownMs(config), drainMs: config.drainMs });
    await standalone.start();
    process.stdout.write(banner(config, standalone));
  } catch (fault) {
    complain(fault);
    processEnd.exit(1);
  }
}

/** The executor and the api stop one after the other, then the store closes. */
const computeShutdownMs = ({ drainMs }: StandaloneConfig): number =>
  stopMsMax({ ...EXECUTOR_DEFAULTS, drainMs }) + API_DEFAULTS.drainMsMax + CLOSE_MS_MAX;

/** Where the service can be reached by others, jobs may not call it (docs/handlers/http.md). */
const PUBLIC_URL = "https://example.com/";

/** Printed once everything listens: the address, the place of the data, and a command that works when pasted. */
const banner = (config: StandaloneConfig, { url, handlers }: Standalone): string => `Tickline is up.

  API         ${url}
  Reference   ${url}/docs
  Data        ${databaseFile(config)}
  Handlers    ${handlers.join(", ")}
  Access      no authentication: ${isLoopback(config.host) ? "it listens on this machine only" : "anyone who can reach this address can run jobs"}

Create a job that calls a URL every two seconds:

  curl -sS -X PUT ${url}/jobs/ping -H 'content-type: application/json' -d '{"name":"ping","schedule":"every 2s","handler":"http","params":{"url":"${isLoopback(config.host) ? `${url}/livez` : PUBLIC_URL}"}}'

and look at it:  curl -sS ${url}/jobs/ping
`;

const complain = (fault: unknown): boolean => process.stderr.write(`tickline: ${explain(fault)}\n`);

/** A fault that a person can correct is explained in one sentence; the others with their trace. */
function explain(fault: unknown): string {
  if (fault instanceof AppError && fault.code !== "internal") return fault.message;
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}

main().catch((fault: unknown) => {
  complain(fault);
  process.exit(1);
});
