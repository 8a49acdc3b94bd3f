import { systemClock } from "../adapters/system/clock.ts";
import { keepAlive } from "../adapters/system/keep-alive.ts";
import { AppError } from "../domain/app-error.ts";
import { readConfig, type ConfigOf, type ConfigTable } from "../runtime/config/config.ts";
import { createLogger, type Logger } from "../runtime/log/logger.ts";
import type { AbandonableService, EndProcess } from "../runtime/service/process-work.ts";
import { createProcessEnd } from "./process-end.ts";

/** A service that listens somewhere. */
export interface Served extends AbandonableService {
  /** Where; null while it does not. */
  readonly url: string | null;
}

/** A process that runs one service. */
export interface ServiceProcess<Table extends ConfigTable> {
  /** As in `npm run start:<name>`. */
  readonly name: string;
  readonly table: Table & { readonly logLevel: Table["logLevel"] };
  /** Opens what the service needs; nothing runs before `start`, and `stop` closes all of it. */
  readonly open: (context: { readonly config: ConfigOf<Table>; readonly log: Logger; readonly end: EndProcess }) => Promise<Served>;
  /** Printed on standard output when it runs, with the address it listens on. */
  readonly greeting: (url: string) => string;
  /** The longest a shutdown may take. */
  readonly shutdownMs: (config: ConfigOf<Table>) => number;
  /** The part of that time for running handlers to finish; none by default. */
  readonly drainMs?: (config: ConfigOf<Table>) => number;
}

export interface ProcessSurroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs the service until a signal ends it. Faults that an operator can fix are printed in one sentence, and end the process with code 1. */
export function runService<Table extends ConfigTable>(service: ServiceProcess<Table>, { argv, env }: ProcessSurroundings): void {
  const [word] = argv;
  if (word === "--help") return void process.stdout.write(helpText(service.name, service.table));
  run(service, { argv, env }).catch((fault: unknown) => {
    complain(service.name, fault);
    process.exit(1);
  });
}

async function run<Table extends ConfigTable>(service: ServiceProcess<Table>, { argv, env }: ProcessSurroundings): Promise<void> {
  if (argv.length > 0) throw new AppError("bad_config", `${argv[0]} is not known: settings are environment variables, see --help`);
  const config = readConfig(service.table, { env, flags: {} });
  const log = createLogger(String(config["logLevel"]));
  const processEnd = createProcessEnd({ host: process, clock: systemClock, log, keepAlive });
  const end: EndProcess = (fault, how) => {
    complain(service.name, fault);
    processEnd.fail(fault, { why: "the service cannot go on", ...how });
  };
  try {
    const opened = await service.open({ config, log, end });
    processEnd.serve({ service: opened, shutdownMs: service.shutdownMs(config), drainMs: service.drainMs?.(config) ?? 0 });
    await opened.start();
    process.stdout.write(`${service.greeting(opened.url ?? "nowhere")}\n`);
  } catch (fault) {
    complain(service.name, fault);
    processEnd.exit(1);
  }
}

const complain = (name: string, fault: unknown): boolean => process.stderr.write(`tickline ${name}: ${explain(fault)}\n`);

function explain(fault: unknown): string {
  if (!(fault instanceof AppError) || fault.code === "internal")
    return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  const away = fault.code === "store_unavailable" || fault.code === "bus_unavailable";
  return away ? `${fault.message}\n  npm run doctor names what does not answer, and the variable to change` : fault.message;
}

const helpText = (name: string, table: ConfigTable): string =>
  `Runs the ${name} by itself. Settings are environment variables:\n${Object.values(table)
    .map(({ env, description, fallback }) => `  ${env}: ${description}${fallback === null ? "" : ` Default ${fallback}.`}`)
    .join("\n")}\n`;
