import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/** The absolute path of a program: of a name, the first of PATH that can be started. Null: there is none. */
export function findProgram(program: string, searchPath: string): string | null {
  if (program.includes("/")) return path.isAbsolute(program) && canStart(program) ? program : null;
  const folders = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return folders.map((folder) => path.join(folder, program)).find(canStart) ?? null;
}

function canStart(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
