import { AppError } from "../../../domain/app-error.ts";
import { primaryCode, storeFault } from "../faults.ts";

const ELSEWHERE = "or choose another folder with --data";

/** What a person can do if a path of the data folder cannot be used, by the code of the system's error. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: `this user may not write it: give the user the right, ${ELSEWHERE}`,
  EPERM: `this user may not write it: give the user the right, ${ELSEWHERE}`,
  ENOENT: `it cannot be made there: ${ELSEWHERE.slice("or ".length)}`, // As in /proc.
  EROFS: `its file system is read-only: mount it for writing, ${ELSEWHERE}`,
  ENOTDIR: `a file is in the place of a folder: move the file away, ${ELSEWHERE}`,
  EEXIST: `a file is in the place of a folder: move the file away, ${ELSEWHERE}`,
  EISDIR: `a folder is in the place of a file: move the folder away, ${ELSEWHERE}`,
  ELOOP: `a symbolic link is in the place of a file: remove the link, ${ELSEWHERE}`,
  ENOSPC: `the disk is full: make room, then start again`,
  EDQUOT: `the quota of this user is used up: make room, then start again`,
  ENAMETOOLONG: `the path is too long: choose a shorter one with --data`,
};

/** Why a path of the data folder cannot be used, in one sentence that says what to do. Faults of ours pass unchanged. */
export function folderFault(cause: unknown, path: string): AppError {
  if (cause instanceof AppError) return cause;
  const code = String((Object(cause) as { readonly code?: unknown }).code);
  const advice = ADVICE[code] ?? `${cause instanceof Error ? cause.message : String(cause)}: mend that, ${ELSEWHERE}`;
  return new AppError(code === "ENOSPC" || code === "EDQUOT" ? "store_unavailable" : "bad_config", `${path} cannot be used: ${advice}`, {
    cause,
  });
}

/** By primary result code of SQLite: https://sqlite.org/rescode.html */
const SQLITE_ADVICE: Readonly<Record<number, string>> = {
  5: "another program holds it: end that program, then start again",
  8: `it cannot be written: give this user the right to write it and its folder, ${ELSEWHERE}`,
  10: `the disk failed, or is full: look at the system's log, make room, then start again`,
  11: `it is damaged: put back a backup, ${ELSEWHERE}`,
  13: `the disk is full: make room, then start again`,
  14: `it cannot be opened: give this user the right to read and write it and its folder, ${ELSEWHERE}`,
  26: `it is not a database of Tickline, or is damaged: put back a backup, ${ELSEWHERE}`,
};

/** Why the database cannot be opened, in one sentence that says what to do. `deed`: what failed. */
export function openFault(cause: unknown, file: string, deed = `open ${file}`): AppError {
  const { code, message, retryable } = storeFault(cause, deed);
  const advice = SQLITE_ADVICE[primaryCode(cause) ?? 0];
  if (cause instanceof AppError || advice === undefined) return storeFault(cause, deed);
  return new AppError(code, `${message}: ${advice}`, { retryable, cause });
}
