import { mkdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { FileFault, systemCode } from "./file-fault.ts";
import { pathFault } from "./file-path.ts";

/** The one folder whose files jobs may read and write. All paths of jobs are relative to it. */
export interface FilesFolder {
  /** The absolute path of a file that is there. Symlinks are followed, but not out of the folder. */
  locate(path: string): Promise<LocatedFile>;
  /** The absolute path at which a file may be written, whether it is there or not. Missing folders are made. */
  reserve(path: string): Promise<string>;
}

export interface LocatedFile {
  /** Absolute, without symlinks: open it with `O_NOFOLLOW`. */
  readonly path: string;
  readonly bytes: number;
}

const NOT_ALLOWED =
  "this executor has no folder of files; start it with --files DIR (FILES_DIR) so that jobs may read and write files there";

/** `dir` undefined: jobs may use no files. */
export function openFilesFolder(dir: string | undefined): FilesFolder {
  async function openRoot(): Promise<string> {
    if (dir === undefined) throw new FileFault("files_not_allowed", NOT_ALLOWED);
    return resolveReal(resolve(dir), `the folder of files (${dir})`);
  }
  return {
    async locate(path) {
      const root = await openRoot();
      const file = await resolveReal(join(root, vetPath(path)), `the file "${path}"`);
      vetInside(root, file, path);
      const found = await attempt(() => stat(file), `the file "${path}"`);
      if (!found.isFile()) throw new FileFault("bad_path", `"${path}" is no file, but a folder or device`);
      return { path: file, bytes: found.size };
    },
    async reserve(path) {
      const root = await openRoot();
      const target = join(root, vetPath(path));
      if (target === root || /[/\\]$/.test(path)) throw new FileFault("bad_path", `"${path}" names a folder, not a file`);
      const parent = await makeFolder(dirname(target), { root, path });
      const file = join(parent, basename(target));
      const there = await stat(file).catch(() => null);
      if (there !== null && !there.isFile()) throw new FileFault("bad_path", `"${path}" is there already, and is no file`);
      return file;
    },
  };
}

function vetPath(path: string): string {
  const fault = pathFault(path);
  if (fault !== null) throw new FileFault("bad_path", `the path "${path}" ${fault}`);
  return path;
}

/** The deepest folder that is there is vetted before anything is made in it. */
async function makeFolder(folder: string, { root, path }: { readonly root: string; readonly path: string }): Promise<string> {
  let there = folder;
  while (there !== root && (await stat(there).catch(() => null)) === null) there = dirname(there);
  vetInside(root, await resolveReal(there, `the folder of "${path}"`), path);
  await attempt(() => mkdir(folder, { recursive: true }), `the folder of "${path}"`);
  const real = await resolveReal(folder, `the folder of "${path}"`);
  vetInside(root, real, path);
  return real;
}

function vetInside(root: string, real: string, path: string): void {
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return;
  throw new FileFault("bad_path", `"${path}" leads out of the folder of files by a symlink`);
}

const resolveReal = (path: string, what: string): Promise<string> => attempt(() => realpath(path), what);

async function attempt<Value>(act: () => Promise<Value>, what: string): Promise<Value> {
  try {
    return await act();
  } catch (fault) {
    const code = systemCode(fault);
    if (code === "ENOENT") throw new FileFault("file_not_found", `${what} is not there`);
    if (code === "ENOTDIR" || code === "EEXIST" || code === "ELOOP" || code === "ENAMETOOLONG")
      throw new FileFault("bad_path", `${what} cannot be used as a path (${code})`);
    throw new FileFault("file_unusable", `${what} cannot be used (${code})`);
  }
}
