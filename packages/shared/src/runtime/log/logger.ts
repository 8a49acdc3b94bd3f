import { createRequire } from "node:module";
import type { Writable } from "node:stream";
import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";

/** Structured logs: fields first, then a sentence. Params and outputs of jobs never go in: they may be secrets. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error"> & { child(fields: Record<string, unknown>): Logger };

const STANDARD_ERROR = 2;

/**
 * Logs to standard error, so that standard output has only what the user asked for: as JSON lines, or, if standard error is a
 * terminal, as readable lines. No line is awaited: logging one run must not delay the next.
 */
export const createLogger = (level: string, lines: DestinationStream | null = terminalLines(process.stderr, STANDARD_ERROR)): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, lines ?? pino.destination({ fd: STANDARD_ERROR, sync: false }));

/** Readable lines if the output is a terminal; otherwise null. The package is loaded only when it is used. */
export function terminalLines({ isTTY = false }: { readonly isTTY?: boolean }, destination: number | Writable): DestinationStream | null {
  if (!isTTY) return null;
  const { build } = createRequire(import.meta.url)("pino-pretty") as typeof import("pino-pretty");
  return build({ destination, sync: false, singleLine: true, translateTime: "SYS:HH:MM:ss.l" });
}

/** For tests that do not look at logs. */
export const silentLogger: Logger = pino({ level: "silent" });
