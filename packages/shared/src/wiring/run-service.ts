import closeWithGrace from "close-with-grace";
import { AppError } from "../domain/app-error.ts";
import { readConfig, type ConfigOf, type ConfigTable } from "../runtime/config.ts";
import { createLogger, type Logger } from "../runtime/logger.ts";
import type { Service } from "../runtime/service.ts";

/** A service that listens somewhere. */
export interface Served extends Service {
  /** Where; null while it does not. */
  readonly url: string | null;
}

/** A process that runs one service. */
export interface ServiceProcess<Table extends ConfigTable> {
  /** As in `npm run start:<name>`. */
  readonly name: string;
  readonly table: Table & { readonly logLevel: Table["logLevel"] };
  /** Opens what the service needs; nothing runs before `start`, and `stop` closes all of it. */
  readonly open: (context: {
    readonly config: ConfigOf<Table>;
    readonly log: Logger;
    readonly end: (fault: AppError) => void;
  }) => Promise<Served>;
  /** Said on standard output when it runs, with the address it listens on. */
  readonly greeting: (url: string) => string;
  /** The longest a shutdown may take. */
  readonly shutdownMs: (config: ConfigOf<Table>) => number;
}

export interface ProcessSurroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs the service until a signal ends it. Faults a person can mend are said in one sentence, and end the process with code 1. */
export function runService<Table extends ConfigTable>(service: ServiceProcess<Table>, { argv, env }: ProcessSurroundings): void {
  const [word] = argv;
  if (word === "--help") return void process.stdout.write(helpOf(service.name, service.table));
  run(service, { argv, env }).catch((fault: unknown) => endWith(service.name, fault));
}

async function run<Table extends ConfigTable>(service: ServiceProcess<Table>, { argv, env }: ProcessSurroundings): Promise<void> {
  if (argv.length > 0) throw new AppError("bad_config", `${argv[0]} is not known: settings are environment variables, see --help`);
  const config = readConfig(service.table, { env, flags: {} });
  const log = createLogger(String(config["logLevel"]));
  const opened = await service.open({ config, log, end: (fault) => endWith(service.name, fault) });
  closeWithGrace({ delay: service.shutdownMs(config), logger: false }, async ({ err }) => {
    if (err !== undefined) log.error({ err }, "an unexpected fault ends the process; what was running is taken up by others");
    await opened.stop();
  });
  await opened.start();
  process.stdout.write(`${service.greeting(opened.url ?? "nowhere")}\n`);
}

function endWith(name: string, fault: unknown): void {
  process.stderr.write(`tickline ${name}: ${explain(fault)}\n`);
  process.exit(1);
}

function explain(fault: unknown): string {
  if (!(fault instanceof AppError) || fault.code === "internal")
    return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  const away = fault.code === "store_unavailable" || fault.code === "bus_unavailable";
  return away ? `${fault.message}\n  npm run doctor names what does not answer, and the variable to change` : fault.message;
}

const helpOf = (name: string, table: ConfigTable): string =>
  `Runs the ${name} by itself. Settings are environment variables:\n${Object.values(table)
    .map(({ env, description, fallback }) => `  ${env}: ${description}${fallback === null ? "" : ` Default ${fallback}.`}`)
    .join("\n")}\n`;
