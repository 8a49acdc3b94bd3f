import { BuiltInFault } from "../built-in-fault.ts";

export type FileFaultCode =
  | "files_not_allowed" // The executor was started without a folder of files.
  | "bad_path" // The path leaves the folder, or is no file.
  | "file_not_found" // It may be there at the next attempt.
  | "file_unusable"; // The system refused to read or write it.

/** Why a file of the folder cannot be read or written. */
export class FileFault extends BuiltInFault<FileFaultCode> {
  override readonly name = "FileFault";

  constructor(code: FileFaultCode, message: string) {
    super(code, message, { retryable: code === "file_not_found" || code === "file_unusable" });
  }
}

/** The code that Node gives to a fault of the system: `ENOENT`. */
export const systemCode = (fault: unknown): string =>
  typeof fault === "object" && fault !== null && "code" in fault && typeof fault.code === "string" ? fault.code : "unknown fault";
