import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder, type Endings } from "../product/endings.ts";

const run = promisify(execFile);

/** Why no Python can be installed into; null: one can. */
export async function pythonFault(): Promise<string | null> {
  try {
    await run("python3", ["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]);
    return null;
  } catch (fault) {
    return `install Python 3.11 or newer with its venv module, as python3 (${String(fault).split("\n").filter(Boolean).at(-1)})`;
  }
}

/** A Python of its own with these requirements. Returns the folder of its programs. */
export async function installPython(endings: Endings, requirements: string): Promise<string> {
  const folder = temporaryFolder(endings);
  await run("python3", ["-m", "venv", folder]);
  await run(join(folder, "bin/python"), ["-m", "pip", "install", "--quiet", "-r", requirements]);
  return join(folder, "bin");
}
