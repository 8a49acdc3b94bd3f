import { MongoNetworkError } from "mongodb";
import { AppError } from "../../../domain/app-error.ts";
import { UNAVAILABLE_CODES } from "./server-codes.ts";

const DUPLICATE_KEY = 11_000;
const UNAVAILABLE: ReadonlySet<number> = new Set(Object.values(UNAVAILABLE_CODES).flatMap((codes): number[] => Object.values(codes)));
/**
 * Labels by which servers and the driver mark that a statement may be repeated, or that its connection failed and not the
 * statement. They are checked before codes and names: a newer server has codes that are not known here. `NoWritesPerformed` is left out: it
 * means that nothing was written, and another label marks whether to repeat.
 * https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
 */
const UNAVAILABLE_LABELS: ReadonlySet<unknown> = new Set([
  "RetryableWriteError",
  "RetryableReadError",
  "TransientTransactionError",
  "UnknownTransactionCommitResult",
  "RetryableError",
  "SystemOverloadedError",
  "PoolRequestedRetry",
  "ResetPool",
  "InterruptInUseConnections",
  "HandshakeError", // Also of a refused login, as after a password was changed: a statement that was never sent is not at fault.
]);
/**
 * Faults of the driver itself that carry neither label nor code: no server, no answer, no connection, no login, or a client that was closed.
 * Its network errors are known by their class.
 */
const UNAVAILABLE_NAMES: ReadonlySet<string> = new Set([
  "DisconnectedError",
  "MongoAWSError",
  "MongoAzureError",
  "MongoClientClosedError",
  "MongoCursorExhaustedError",
  "MongoDecompressionError",
  "MongoExpiredSessionError",
  "MongoGCPError",
  "MongoKerberosError",
  "MongoNetworkError",
  "MongoNetworkTimeoutError",
  "MongoNotConnectedError",
  "MongoOIDCError",
  "MongoOperationTimeoutError",
  "MongoPoolClearedError",
  "MongoPoolClosedError",
  "MongoRuntimeError",
  "MongoServerClosedError",
  "MongoServerSelectionError",
  "MongoStalePrimaryError",
  "MongoSystemError",
  "MongoTopologyClosedError",
  "MongoUnexpectedServerResponseError",
  "MongoWaitQueueTimeoutError",
  "MongoWriteConcernError",
  "MongooseError",
  "MongooseServerSelectionError",
  "PoolClearedOnNetworkError",
]);
/**
 * The messages of PostgreSQL behind FerretDB when it stops, starts, or has no connection left; and servers without codes while
 * another is primary.
 */
const UNAVAILABLE_WORDS =
  /failed to connect|connect: connection refused|terminating connection|the database system is|too many clients|conn closed|unexpected EOF|connection reset|No space left|could not extend file|not master|node is recovering/i;
/** Node's errors of a connection, which the driver sometimes passes on: for a write after the server disconnected, for example. */
const SYSTEM_CODES =
  /^(EPIPE|ECONN[A-Z]+|ETIMEDOUT|EHOST[A-Z]+|ENET[A-Z]+|ENOTFOUND|EAI_AGAIN|EADDR[A-Z]+|EMFILE|ERR_SOCKET_CLOSED(_BEFORE_CONNECTION)?|ERR_STREAM_(DESTROYED|PREMATURE_CLOSE|WRITE_AFTER_END))$/;
const DEADLOCK_WORDS = /deadlock detected|could not serialize access/i;

interface WriteFault {
  readonly index: number;
  readonly code: number;
  readonly errmsg?: string;
}

/** The used fields of the driver's error of a batch. */
interface BatchFault {
  readonly writeErrors?: WriteFault | WriteFault[];
  readonly result?: { readonly getWriteConcernError?: () => unknown };
}

/** Converts an error of the driver, the server or mongoose to Tickline's own fault. */
export function storeFault(fault: unknown, deed: string): AppError {
  if (fault instanceof AppError) return fault;
  const message = `${deed}: ${readMessage(fault)}`;
  if (isUnavailable(fault)) return new AppError("store_unavailable", message, { retryable: true, cause: fault });
  return new AppError("internal", message, { cause: fault });
}

/** The server aborted one of two conflicting writes, completely: it may be sent again. */
export const isConflict = (fault: unknown): boolean =>
  isConflictWith(readCode(fault), readMessage(fault)) ||
  listWriteErrors(fault).some(({ code, errmsg = "" }) => isConflictWith(code, errmsg));

const isConflictWith = (code: number | null, message: string): boolean =>
  code === UNAVAILABLE_CODES.conflict.WriteConflict || DEADLOCK_WORDS.test(message);

export const isDuplicate = (fault: unknown): boolean => isDuplicateWith(readCode(fault), readMessage(fault));

const isDuplicateWith = (code: number | null, message: string): boolean =>
  code === DUPLICATE_KEY || (code === UNAVAILABLE_CODES.unknown.InternalError && /duplicate key/i.test(message));

/** The indexes of an unordered batch whose keys existed already; null: the batch failed for another reason. */
export function findDuplicates(fault: unknown): number[] | null {
  if (readConcernFault(fault) !== null) return null; // What was written is not known to be kept.
  const errors = listWriteErrors(fault);
  const all = errors.length > 0 && errors.every(({ code, errmsg = "" }) => isDuplicateWith(code, errmsg));
  return all ? errors.map(({ index }) => index) : null;
}

/** A batch may have been written and not have reached a majority: that counts as not written. */
const readConcernFault = (fault: unknown): unknown => (fault as BatchFault | null)?.result?.getWriteConcernError?.() ?? null;

const listWriteErrors = (fault: unknown): WriteFault[] => [(fault as BatchFault | null)?.writeErrors ?? []].flat();

function isUnavailable(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false;
  if (readLabels(fault).some((label) => UNAVAILABLE_LABELS.has(label))) return true;
  if (fault instanceof MongoNetworkError || UNAVAILABLE_NAMES.has(fault.name) || isConflict(fault)) return true;
  if (readConcernFault(fault) !== null || listWriteErrors(fault).some(({ code, errmsg = "" }) => saysUnavailable(code, errmsg)))
    return true;
  if ("code" in fault && typeof fault.code === "string" && SYSTEM_CODES.test(fault.code)) return true;
  // A batch that reached no server wraps the error of the connection.
  if ("errorResponse" in fault && fault.errorResponse instanceof Error && isUnavailable(fault.errorResponse)) return true;
  return saysUnavailable(readCode(fault), fault.message);
}

const saysUnavailable = (code: number | null, message: string): boolean =>
  (code !== null && UNAVAILABLE.has(code)) || UNAVAILABLE_WORDS.test(message);

/** Of one that the driver made, or as the server's answer has them. */
const readLabels = (fault: Error): readonly unknown[] =>
  "errorLabels" in fault && Array.isArray(fault.errorLabels) ? (fault.errorLabels as readonly unknown[]) : [];

const readMessage = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/** All codes that the server answered with: of the statement, of parts of a batch, and of its write concern. */
export function listAnsweredCodes(fault: unknown): readonly number[] {
  const concern = readConcernFault(fault) as { readonly code?: unknown } | null;
  const codes = [readCode(fault), concern?.code, ...listWriteErrors(fault).map(({ code }) => code)];
  return codes.filter((code): code is number => typeof code === "number");
}

const readCode = (fault: unknown): number | null =>
  fault instanceof Error && "code" in fault && typeof fault.code === "number" ? fault.code : null;
