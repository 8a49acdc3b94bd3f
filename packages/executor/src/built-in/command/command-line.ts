import { CommandFault } from "./command-fault.ts";
import type { CommandParams } from "./command-params.ts";
import { allowsShell, SHELL, type AllowedCommands } from "./allowed-commands.ts";
import { findProgram } from "./find-program.ts";

export interface CommandRules {
  readonly allowed: AllowedCommands;
  /** The executor's PATH. Programs are looked up in it, whatever `env` says: or a job could replace an allowed program. */
  readonly searchPath: string;
}

/** The program and its arguments as absolute paths, after the programs that limit it. Throws a `CommandFault`. */
export function commandLine(params: CommandParams, { allowed, searchPath }: CommandRules): readonly string[] {
  const { program, args, shell, nice, memoryMbMax } = params;
  checkAllowed(params, allowed);
  const find = (name: string): string => findProgram(name, searchPath) ?? refuseUnknown(name);
  const limits: string[] = [];
  if (nice > 0) limits.push(findLimiter("nice", "nice", searchPath), "-n", String(nice));
  if (memoryMbMax !== null) {
    const bytes = memoryMbMax * 1_048_576;
    limits.push(findLimiter("prlimit", "memoryMbMax", searchPath), `--as=${bytes}:${bytes}`);
  }
  return [...limits, ...(shell ? [SHELL, "-c", program, SHELL, ...args] : [find(program), ...args])];
}

function checkAllowed({ program, shell }: CommandParams, allowed: AllowedCommands): void {
  if (allowed === "any" || (shell ? allowsShell(allowed) : (allowed?.includes(program) ?? false))) return;
  const programs = allowed ?? [];
  const refused = shell ? "a line of the shell" : program;
  throw new CommandFault(
    "command_not_allowed",
    `the executor does not allow ${refused}; it allows ${programs.length === 0 ? "none" : programs.join(", ")} (ALLOW_COMMANDS)`,
    { retryable: false },
  );
}

function refuseUnknown(program: string): never {
  const where = program.includes("/") ? "an absolute path of a file that can be executed" : "a program in the executor's PATH";
  throw new CommandFault("command_not_found", `${program} is not ${where}`, { retryable: false });
}

function findLimiter(program: string, param: string, searchPath: string): string {
  const found = findProgram(program, searchPath);
  if (found !== null) return found;
  throw new CommandFault("command_limit", `${param} needs the program ${program}, which this executor does not have`, { retryable: false });
}
