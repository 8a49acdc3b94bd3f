import { z } from "zod";

/** Which programs jobs may start. `any`: all that the user of the executor can start. A list: these, as they are written there. Null: none. */
export type AllowedCommands = "any" | readonly string[] | null;

const ANY = new Set(["true", "any", "*"]);
/** The shell that `shell: true` starts. In a list of programs it is allowed by either name. */
export const SHELL = "/bin/sh";
const SHELL_NAMES: readonly string[] = [SHELL, "sh"];

export const allowsShell = (allowed: AllowedCommands): boolean =>
  allowed === "any" || (allowed?.some((program) => SHELL_NAMES.includes(program)) ?? false);

/** A name that is looked up in PATH, or an absolute path. */
const isProgram = (text: string): boolean => text !== "" && (text.startsWith("/") || !text.includes("/"));

export const AllowedCommandsSchema = z
  .string()
  .optional()
  .transform((text, context): AllowedCommands => {
    if (text === undefined || text === "false") return null;
    if (ANY.has(text)) return "any";
    const programs = text.split(",").map((program) => program.trim());
    const wrong = programs.filter((program) => !isProgram(program));
    for (const program of wrong) {
      context.addIssue({ code: "custom", message: `${JSON.stringify(program)} is neither the name of a program nor an absolute path` });
    }
    return programs;
  });
