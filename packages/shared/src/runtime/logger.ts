import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";

/** Structured logs: fields first, then a sentence. Params and outputs of jobs never go in: they may be secrets. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error"> & { child(fields: Record<string, unknown>): Logger };

const STANDARD_ERROR = 2;

/**
 * Logs to standard error, so that standard output belongs to what a person asked for: as JSON lines, or, where standard error is a
 * terminal, as lines for people. No line is waited for: what is logged of each run must not hold up the next.
 */
export const createLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, terminal ?? pino.destination({ fd: STANDARD_ERROR, sync: false }));

/** Lines for people on the terminal; null where there is none. The package is loaded only where it is used. */
const terminal: DestinationStream | null = process.stderr.isTTY ? await prettyLines() : null;

async function prettyLines(): Promise<DestinationStream> {
  const { build } = await import("pino-pretty");
  return build({ destination: STANDARD_ERROR, sync: false, singleLine: true, translateTime: "SYS:HH:MM:ss.l" });
}

/** For tests that do not look at logs. */
export const silentLogger: Logger = pino({ level: "silent" });
