import { BuiltInFault } from "../built-in-fault.ts";
import type { CommandParams } from "./command-params.ts";
import { tailChars } from "./output-tail.ts";

/** So much of the end of the output is shown in the message of a failed command, in characters. */
const SHOWN_CHARS_MAX = 1_500;

type CommandFaultCode =
  | "command_exit"
  | "command_signal"
  | "command_not_allowed"
  | "command_not_found"
  | "command_not_started"
  | "command_user"
  | "command_limit"
  | "command_leftovers";

/** Why a command failed. Retried: an exit code that is no success, a signal, and a start that the system refused for the moment. */
export class CommandFault extends BuiltInFault<CommandFaultCode> {
  override readonly name = "CommandFault";
}

export interface CommandEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly log: string;
}

/** The fault of a program that has ended so; null: this end is a success. */
export function endFault(params: CommandParams, { exitCode, signal, log }: CommandEnd): CommandFault | null {
  const name = params.shell ? "the shell line" : params.program;
  if (exitCode === null) {
    return new CommandFault("command_signal", withOutput(`${name} was ended by ${signal ?? "a signal"}`, log), { retryable: true });
  }
  if (params.successCodes.includes(exitCode)) return null;
  const message = `${name} exited with ${exitCode}, expected ${params.successCodes.join(" or ")}`;
  return new CommandFault("command_exit", withOutput(message, log), { retryable: !params.noRetryCodes.includes(exitCode) });
}

function withOutput(message: string, log: string): string {
  const shown = tailChars(log.trimEnd(), SHOWN_CHARS_MAX).trimStart();
  return shown === "" ? `${message}; it wrote nothing` : `${message}; the end of its output: ${shown}`;
}
