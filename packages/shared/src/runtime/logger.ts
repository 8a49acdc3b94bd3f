import { pino, type Logger as PinoLogger } from "pino";

/** Structured logs: fields first, then a sentence. Params and outputs of jobs never go in: they may be secrets. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error"> & { child(fields: Record<string, unknown>): Logger };

/** Logs to standard error as JSON lines, so that standard output belongs to what a person asked for. */
export const createLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: false }));

/** For tests that do not look at logs. */
export const silentLogger: Logger = pino({ level: "silent" });
