import { AppError, type ErrorCode } from "../../domain/app-error.ts";
import type { UnreadableRow } from "../../ports/unreadable.ts";
import type { Packet, PacketReader, PacketWriter } from "./wire.ts";
import { putNumber, putText, takeNumber, takeText } from "./wire.ts";

/** What the store's thread is started with. */
export interface ThreadData {
  readonly file: string;
  readonly pagesMax: number | null;
}

/** To the thread: calls, or the wish to end. */
export type ToThread = Packet | { readonly close: true };

/**
 * From the thread: that it is ready, or why it is not; then answers, rows that it cannot read, and whether writes are refused (null: no
 * longer); at last that it has closed the file.
 */
export type FromThread =
  | Packet
  | { readonly ready: true }
  | { readonly unreadable: UnreadableRow }
  | { readonly refusing: string | null }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean } }
  | { readonly closed: true };

/** A section of calls begins with the number of the call and its id; one of answers with the id and one of these. */
export const ANSWERED = 1;
export const REFUSED = 0;

/** The number of a call that is made by name, with one JSON argument. */
export const COLD_CALL = -1;

export function putFault(writer: PacketWriter, { code, message, retryable }: AppError): void {
  putText(writer, code);
  putText(writer, message);
  putNumber(writer, retryable ? 1 : 0);
}

export function takeFault(reader: PacketReader): AppError {
  const code = takeText(reader) as ErrorCode;
  const message = takeText(reader);
  return new AppError(code, message, { retryable: takeNumber(reader) === 1, cause: "a fault of the store's thread" });
}
