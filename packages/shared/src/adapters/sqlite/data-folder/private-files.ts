import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../../domain/app-error.ts";
import { folderFault } from "./open-fault.ts";

/** The files may contain secrets (params, outputs), so only their owner may read them. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** The permissions of other users. */
const OTHERS = 0o077;
/** Not on Windows, where links need a special permission. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** The names of SQLite's own files beside a database. */
export const besides = (database: string): readonly string[] => ["-wal", "-shm", "-journal"].map((end) => database + end);

/**
 * Makes a folder and files in it, for its owner alone. Access that an earlier version or a user gave to others is removed. `made`: files
 * that are created if missing; `names`: all files that may be Tickline's. Others lose access to a folder only if it has no other files: it may be `/tmp`.
 * Throws faults that an operator can fix, in one sentence. Nothing is written through a symbolic link.
 */
export function keepPrivate(dir: string, { made, names }: { readonly made: readonly string[]; readonly names: readonly string[] }): void {
  perform(dir, () => makeFolder(resolve(dir)));
  const own = new Set(names);
  perform(dir, () => {
    if (readdirSync(dir).every((name) => own.has(name))) closeToOthers(statSync(dir), () => chmodSync(dir, FOLDER_MODE));
  });
  for (const name of names) closeFile(join(dir, name), made.includes(name));
}

/** Node's own recursive creation never ends if a parent does not exist and cannot be made, as in `/proc`. */
function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { mode: FOLDER_MODE });
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(dir).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(dir))) throw fault;
    makeFolder(dirname(dir));
    mkdirSync(dir, { mode: FOLDER_MODE });
  }
}

/** Opens a file for writing, made for its owner alone if there is none. Refuses links. */
export const openPrivate = (path: string, flags = 0): number =>
  perform(path, () => openSync(path, constants.O_RDWR | constants.O_CREAT | NO_LINK | flags, FILE_MODE));

/** A file with the right permissions is not opened: closing it again would end the locks that this process has on it. */
function closeFile(path: string, made: boolean): void {
  const stats = perform(path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stats === undefined && !made) return;
  if (stats !== undefined) checkKind(path, stats);
  if (stats !== undefined && (stats.mode & OTHERS) === 0) return;
  const file = openPrivate(path);
  try {
    closeToOthers(fstatSync(file), () => fchmodSync(file, FILE_MODE));
  } finally {
    closeSync(file);
  }
}

/** Opening a pipe would block. */
function checkKind(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const kind = stats.isSymbolicLink() ? "a symbolic link" : stats.isDirectory() ? "a folder" : "something else";
  throw new AppError(
    "bad_config",
    `${path} cannot be used: ${kind} is in the place of a file: move it away, or choose another folder with --data`,
  );
}

/** A folder or file of another owner, as on a shared volume, is not changed. */
function closeToOthers({ mode }: Stats, change: () => void): void {
  if ((mode & OTHERS) === 0) return;
  try {
    change();
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== "EPERM") throw fault;
  }
}

function perform<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw folderFault(cause, path);
  }
}
