import { hostname } from "node:os";
import { join } from "node:path";
import { describeUnless } from "@tickline/shared/testing/servers/describe-unless";
import { describeWithOwnServers, type OwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import type { Endings } from "../product/endings.ts";
import { REPOSITORY } from "../product/product-process.ts";
import { startChild, type Child } from "./child.ts";
import { installPython, pythonFault } from "./python.ts";

const EXAMPLE = join(REPOSITORY, "examples/python-executor");

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
  findContainerFaults() {
    throw new Error("there are no servers here");
  },
};

export interface PythonExample {
  /** Starts a script of the example, or whatever stands behind `-c`. */
  start(endings: Endings, env: Readonly<Record<string, string>>, args: readonly string[]): Child;
}

/** The example as its README installs it, but in a folder of its own. */
export async function installPythonExample(endings: Endings): Promise<PythonExample> {
  const python = join(await installPython(endings, join(EXAMPLE, "requirements.txt")), "python");
  const unbuffered = { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1" };
  return { start: (ending, env, args) => startChild(ending, { command: python, args, cwd: EXAMPLE, env: { ...unbuffered, ...env } }) };
}

/** The name by which `executor.py` goes in this process. */
export const executorName = ({ pid }: Child): string => `python-${hostname()}-${pid}`;
