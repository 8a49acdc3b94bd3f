import { execFile } from "node:child_process";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeUnless } from "@tickline/shared/testing/servers/describe-unless";
import { describeWithOwnServers, type OwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import type { Endings } from "../product/endings.ts";
import { temporaryFolder } from "../product/endings.ts";
import { REPOSITORY } from "../product/product-process.ts";
import { startChild, type Child } from "./child.ts";

const EXAMPLE = join(REPOSITORY, "examples/python-executor");
const run = promisify(execFile);

/** Why the example cannot be installed as its README says; null: it can. */
async function pythonFault(): Promise<string | null> {
  try {
    await run("python3", ["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]);
    return null;
  } catch (fault) {
    return `install Python 3.11 or newer with its venv module, as python3 (${String(fault).split("\n").filter(Boolean).at(-1)})`;
  }
}

/** A suite that is skipped with the reason where there is no Python either, and fails when `REQUIRE_INTEGRATION=1`. */
export async function describeWithPython(...suite: Parameters<typeof describeWithOwnServers>): Promise<void> {
  const fault = await pythonFault();
  if (fault === null) return describeWithOwnServers(...suite);
  const [name, , body] = suite;
  describeUnless(fault, name, () => body(NO_SERVERS));
}

/** For tests that are named and not run. */
const NO_SERVERS: OwnServers = {
  mongodbUrl: "",
  kafkaBrokers: "",
  redisUrl: "",
  registryUrl: "",
  faultsOf() {
    throw new Error("there are no servers here");
  },
};

export interface PythonExample {
  /** Starts a script of the example, or whatever stands behind `-c`. */
  start(endings: Endings, env: Readonly<Record<string, string>>, args: readonly string[]): Child;
}

/** The example as its README installs it, but in a folder of its own. */
export async function installPythonExample(endings: Endings): Promise<PythonExample> {
  const folder = temporaryFolder(endings);
  const python = join(folder, "bin/python");
  await run("python3", ["-m", "venv", folder]);
  await run(python, ["-m", "pip", "install", "--quiet", "-r", join(EXAMPLE, "requirements.txt")]);
  const unbuffered = { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1" };
  return { start: (ending, env, args) => startChild(ending, { command: python, args, cwd: EXAMPLE, env: { ...unbuffered, ...env } }) };
}

/** The name by which `executor.py` goes in this process. */
export const executorName = ({ pid }: Child): string => `python-${hostname()}-${pid}`;
