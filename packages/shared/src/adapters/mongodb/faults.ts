import { AppError } from "../../domain/app-error.ts";

const DUPLICATE_KEY = 11_000;
/**
 * Something went wrong inside the server, and nobody knows what became of the statement. How FerretDB says whatever befalls the
 * PostgreSQL behind it, and also "duplicate key" where an upsert loses a race.
 */
const INTERNAL_ERROR = 1;
const WRITE_CONFLICT = 112;
/**
 * Server codes that say "not now", or "who knows": internal and unknown fault, host not found or unreachable, network timeout, cursor gone,
 * lock not got, shutdown, stepping down, not primary, interrupted, time limit, write concern not reached, disk full, connection pool exhausted.
 */
const UNAVAILABLE: ReadonlySet<number> = new Set([
  INTERNAL_ERROR,
  6,
  7,
  8,
  24,
  43,
  46,
  50,
  64,
  89,
  91,
  100,
  189,
  202,
  237,
  262,
  9_001,
  10_058,
  10_107,
  11_600,
  11_601,
  11_602,
  13_435,
  13_436,
  14_031,
]);
/** Faults of the driver itself: no server, no answer, no connection, or a client that was closed. */
const UNAVAILABLE_NAMES =
  /^(MongoNetwork|MongoWriteConcern|MongoServerSelection|MongoTopologyClosed|MongoNotConnected|MongoClientClosed|MongoPoolClosed|MongoPoolCleared|MongoWaitQueueTimeout|MongoExpiredSession|MongoOperationTimeout|MongoRuntime|MongoUnexpectedServerResponse|MongoServerClosed|MongoStalePrimary|MongoSystem|MongoCursorExhausted|MongooseServerSelection|DisconnectedError|MongooseError)/;
/** What PostgreSQL says behind FerretDB when it goes down, is starting, or has no connection left. */
const UNAVAILABLE_WORDS =
  /failed to connect|connect: connection refused|terminating connection|the database system is|too many clients|conn closed|unexpected EOF|connection reset|No space left|could not extend file/i;
/** What Node says of a connection, which the driver sometimes passes on as it is: of a write after the server has hung up, say. */
const SYSTEM_CODES =
  /^(EPIPE|ECONN[A-Z]+|ETIMEDOUT|EHOST[A-Z]+|ENET[A-Z]+|ENOTFOUND|EAI_AGAIN|EADDR[A-Z]+|EMFILE|ERR_SOCKET_CLOSED(_BEFORE_CONNECTION)?|ERR_STREAM_(DESTROYED|PREMATURE_CLOSE|WRITE_AFTER_END))$/;
const DEADLOCK_WORDS = /deadlock detected|could not serialize access/i;

interface WriteFault {
  readonly index: number;
  readonly code: number;
  readonly errmsg?: string;
}

/** What the driver throws for a batch, as far as it is looked at. */
interface BatchFault {
  readonly writeErrors?: WriteFault | WriteFault[];
  readonly result?: { readonly getWriteConcernError?: () => unknown };
}

/** What the driver, the server or mongoose throws, as Tickline's own fault. */
export function storeFault(fault: unknown, deed: string): AppError {
  if (fault instanceof AppError) return fault;
  const message = `${deed}: ${messageOf(fault)}`;
  if (isUnavailable(fault)) return new AppError("store_unavailable", message, { retryable: true, cause: fault });
  return new AppError("internal", message, { cause: fault });
}

/** The server gave up one of two writes that waited for each other, whole: it may simply be sent again. */
export const isConflict = (fault: unknown): boolean =>
  codeOf(fault) === WRITE_CONFLICT ||
  DEADLOCK_WORDS.test(messageOf(fault)) ||
  writeErrorsOf(fault).some(({ code, errmsg = "" }) => code === WRITE_CONFLICT || DEADLOCK_WORDS.test(errmsg));

export const isDuplicate = (fault: unknown): boolean =>
  codeOf(fault) === DUPLICATE_KEY || (codeOf(fault) === INTERNAL_ERROR && /duplicate key/i.test(messageOf(fault)));

/** Where in an unordered batch keys were taken already; null: the batch failed by something else. */
export function duplicatesOf(fault: unknown): number[] | null {
  if (concernFaultOf(fault) !== null) return null; // What was written is not known to be kept.
  const errors = writeErrorsOf(fault);
  const all = errors.length > 0 && errors.every(({ code, errmsg }) => isDuplicate(Object.assign(new Error(errmsg), { code })));
  return all ? errors.map(({ index }) => index) : null;
}

/** A batch may have been written and not have reached a majority: that counts as not written. */
const concernFaultOf = (fault: unknown): unknown => (fault as BatchFault | null)?.result?.getWriteConcernError?.() ?? null;

const writeErrorsOf = (fault: unknown): WriteFault[] => [(fault as BatchFault | null)?.writeErrors ?? []].flat();

function isUnavailable(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false;
  if (UNAVAILABLE_NAMES.test(fault.name) || UNAVAILABLE_WORDS.test(fault.message) || isConflict(fault)) return true;
  if (concernFaultOf(fault) !== null) return true;
  if ("code" in fault && typeof fault.code === "string" && SYSTEM_CODES.test(fault.code)) return true;
  // A batch that met no server wraps what it met.
  if ("errorResponse" in fault && fault.errorResponse instanceof Error && isUnavailable(fault.errorResponse)) return true;
  const code = codeOf(fault);
  return code !== null && UNAVAILABLE.has(code);
}

const messageOf = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

const codeOf = (fault: unknown): number | null =>
  fault instanceof Error && "code" in fault && typeof fault.code === "number" ? fault.code : null;
