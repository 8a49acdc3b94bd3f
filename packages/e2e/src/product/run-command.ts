import { execFile } from "node:child_process";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line, or several, as a person would paste them into a shell. */
export const runCommand = (text: string, cwd: string): Promise<CommandResult> =>
  new Promise((resolve) => {
    execFile("sh", ["-c", text], { cwd }, (fault, stdout, stderr) => {
      resolve({ code: fault === null ? 0 : Number(fault.code ?? 1), stdout, stderr });
    });
  });
