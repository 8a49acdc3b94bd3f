import { z } from "zod";
import { allowsShell, type AllowedCommands } from "./allowed-commands.ts";

/** Longest program or command line, in characters. */
const PROGRAM_LENGTH_MAX = 16_384;
const ARGS_MAX = 1_000;
const ENV_MAX = 100;
const CODES_MAX = 256;
const NICE_MAX = 19;
const MEMORY_MB_MAX = 1_048_576;

/** A NUL would end the text for the system. */
const NO_NUL = /^[^\0]*$/;
const text = () => z.string().regex(NO_NUL, "must have no NUL character");
const exitCode = z.int().min(0).max(255);

/** Variables of the dynamic linker load code into every program. `TICKLINE_…` is set by the executor. */
const ENV_NAME = /^(?!TICKLINE_|LD_|DYLD_)[A-Za-z_][A-Za-z0-9_]*$/;
const ENV_NAME_RULE = "must be letters, digits and underscores, and not begin with TICKLINE_, LD_ or DYLD_";
/** With a list of programs also not those by which a shell or an interpreter is told to run other code, which would undo the list. No such list is complete. */
const ENV_NAME_OF_LIST =
  /^(?!TICKLINE_|LD_|DYLD_|(?:ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|IFS|CDPATH|GLOBIGNORE|FPATH|NULLCMD|READNULLCMD|ZDOTDIR|PERLLIB|PERL5LIB|PERL5OPT|PERL5DB|PERLIO_DEBUG|PYTHONHOME|PYTHONPATH|PYTHONINSPECT|PYTHONSTARTUP|PYTHONUSERBASE|PYTHONWARNINGS|PYTHONBREAKPOINT|RUBYLIB|RUBYOPT|NODE_OPTIONS|NODE_PATH|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|GCONV_PATH)$)[A-Za-z_][A-Za-z0-9_]*$/;
const ENV_NAME_OF_LIST_RULE = `${ENV_NAME_RULE}; with a list of allowed programs also not be a variable that loads code, such as BASH_ENV, PYTHONPATH or NODE_OPTIONS`;

/** One start of a program. The schema shows what this executor allows, so that the api refuses other jobs when they are made. */
export const commandParamsSchema = (allowed: AllowedCommands) =>
  z.strictObject({
    program: programSchema(allowed).meta({
      description: "The name of a program in the executor's PATH, or its absolute path. With `shell: true`: a line for /bin/sh.",
    }),
    args: z
      .array(text())
      .max(ARGS_MAX)
      .default([])
      .meta({ description: "Each is one argument, never split. With `shell: true`: $1, $2, …" }),
    shell: shellSchema(allowed).default(false).meta({ description: "Runs `program` as a line of /bin/sh." }),
    env: z
      .record(envNameSchema(allowed), text())
      .refine((env) => Object.keys(env).length <= ENV_MAX, `must be at most ${ENV_MAX} variables`)
      .meta({ maxProperties: ENV_MAX })
      .default({}),
    cwd: text()
      .regex(/^\//, "must be an absolute path")
      .nullable()
      .default(null)
      .meta({ description: "The working folder. Default: that of the executor." }),
    input: z.string().nullable().default(null).meta({ description: "Text for the standard input. Default: none." }),
    successCodes: z.array(exitCode).min(1).max(CODES_MAX).default([0]).meta({ description: "Exit codes that are a success." }),
    noRetryCodes: z.array(exitCode).max(CODES_MAX).default([]).meta({ description: "Exit codes after which no other attempt follows." }),
    user: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, "must be the name or the number of a user")
      .nullable()
      .default(null)
      .meta({ description: "The user that the program runs as. Only an executor of root may change it." }),
    nice: z.int().min(0).max(NICE_MAX).default(0).meta({ description: "How much the program yields to others: 0 to 19." }),
    memoryMbMax: z
      .int()
      .min(1)
      .max(MEMORY_MB_MAX)
      .nullable()
      .default(null)
      .meta({ description: "Largest address space of each process, in MiB." }),
  });

export type CommandParams = z.output<ReturnType<typeof commandParamsSchema>>;

function programSchema(allowed: AllowedCommands): z.ZodType<string, string> {
  // With a shell in the list any line is allowed, which no enumeration can express: the attempt checks it.
  if (allowed === "any" || allowed === null || allowsShell(allowed)) return text().min(1).max(PROGRAM_LENGTH_MAX);
  return z.enum(allowed as [string, ...string[]], `must be a program that the executor allows (ALLOW_COMMANDS): ${allowed.join(", ")}`);
}

const envNameSchema = (allowed: AllowedCommands): z.ZodString =>
  allowed === "any" || allowsShell(allowed)
    ? z.string().regex(ENV_NAME, ENV_NAME_RULE)
    : z.string().regex(ENV_NAME_OF_LIST, ENV_NAME_OF_LIST_RULE);

const shellSchema = (allowed: AllowedCommands): z.ZodType<boolean, boolean> => (allowsShell(allowed) ? z.boolean() : z.literal(false));
