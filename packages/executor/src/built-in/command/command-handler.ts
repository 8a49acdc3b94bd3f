import { statSync } from "node:fs";
import type { Clock } from "@tickline/shared/ports/clock";
import { OUTPUT_BYTES_MAX } from "@tickline/shared/domain/run/settlement";
import { toIso } from "@tickline/shared/domain/time/instant";
import { defineHandler, type Handler, type HandlerContext } from "../../handlers/handler.ts";
import type { AllowedCommands } from "./allowed-commands.ts";
import { CommandFault, endFault } from "./command-fault.ts";
import { commandLine } from "./command-line.ts";
import { findUser } from "./find-user.ts";
import { commandParamsSchema, type CommandParams } from "./command-params.ts";
import { endLeftovers, RUN_ID_VARIABLE } from "./leftovers.ts";
import { createOutputTail, tailForJson, type OutputTail } from "./output-tail.ts";
import { startGroup, type GroupEnd } from "./process-group.ts";

export interface CommandHandlerDeps {
  readonly clock: Pick<Clock, "setTimer">;
  /** The environment of the executor, of which programs get little. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly allowed: AllowedCommands;
}

export interface CommandHandlerLimits {
  /**
   * Time between SIGTERM and SIGKILL, in milliseconds. Default 3,000: less than the grace of a lost lease, so that no other attempt starts before the
   * program is gone.
   */
  readonly killMs?: number;
}

export interface CommandOutput {
  readonly exitCode: number;
  /** The end of what the program wrote, both streams in the order in which they came. */
  readonly log: string;
  /** All that it wrote, in bytes. */
  readonly logBytes: number;
  /** True when the beginning of the log was left out. */
  readonly truncated: boolean;
}

/** What is kept of the output of a program, in bytes. */
const LOG_BYTES_MAX = 65_536;
/** What the other members of the output take, in bytes of JSON. */
const OTHER_BYTES_MAX = 128;
/** Variables of the executor's environment that programs inherit. The others may be secrets. */
const INHERITED = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
/** Where the executor's environment has none. */
const PATH_DEFAULT = "/usr/local/bin:/usr/bin:/bin";

/** The built-in handler `command`: starts a program. Offered only where it was allowed. */
export function createCommandHandler(
  { clock, environment, allowed }: CommandHandlerDeps,
  { killMs = 3_000 }: CommandHandlerLimits = {},
): Handler<ReturnType<typeof commandParamsSchema>> {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const])),
  );
  const searchPath = inherited["PATH"] ?? PATH_DEFAULT;
  return {
    ...defineHandler({
      type: "command",
      description: "Starts a program on the machine of the executor.",
      params: commandParamsSchema(allowed),
      run: (context) => runCommand(context, { clock, allowed, killMs, searchPath, inherited: { ...inherited, PATH: searchPath } }),
    }),
    builtIn: true,
  };
}

interface CommandRun {
  readonly clock: Pick<Clock, "setTimer">;
  readonly allowed: AllowedCommands;
  readonly killMs: number;
  readonly searchPath: string;
  readonly inherited: Readonly<Record<string, string>>;
}

async function runCommand(context: HandlerContext<CommandParams>, run: CommandRun): Promise<CommandOutput> {
  const { params, signal, runId, attempt } = context;
  const line = commandLine(params, run);
  const user = params.user === null ? null : await findUser(params.user);
  const leftovers = attempt > 1 ? await endLeftovers(runId, run.clock) : 0;
  if (leftovers > 0) context.log.warn("processes of an earlier attempt of this run were killed", { leftovers });
  const tail = createOutputTail(LOG_BYTES_MAX);
  signal.throwIfAborted();
  const group = startGroup(
    {
      line,
      env: { ...run.inherited, ...user?.env, ...params.env, ...runVariables(context) },
      cwd: params.cwd ?? undefined,
      user: user?.ids ?? null,
      input: params.input,
      onOutput: tail.add,
    },
    run.clock,
  );
  const stop = (): void => group.stop(run.killMs);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const end = await group.ended.catch((fault: unknown) => refuseStart(params, fault));
    // A program that obeys SIGTERM may exit with 0, and has not done its work.
    signal.throwIfAborted();
    return toOutput(params, end, tail);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** For the program, and to recognise what it leaves. */
const runVariables = ({ runId, jobId, attempt, scheduledFor }: HandlerContext<CommandParams>): Record<string, string> => ({
  [RUN_ID_VARIABLE]: runId,
  TICKLINE_JOB_ID: jobId,
  TICKLINE_ATTEMPT: String(attempt),
  TICKLINE_SCHEDULED_FOR: toIso(scheduledFor.getTime()),
});

function toOutput(params: CommandParams, { exitCode, signal }: GroupEnd, tail: OutputTail): CommandOutput {
  const kept = tail.text();
  const fault = endFault(params, { exitCode, signal, log: kept });
  if (fault !== null) throw fault;
  const log = tailForJson(kept, OUTPUT_BYTES_MAX - OTHER_BYTES_MAX);
  return { exitCode: exitCode ?? 0, log, logBytes: tail.bytes, truncated: tail.bytes > LOG_BYTES_MAX || log.length < kept.length };
}

/** Codes of the system for what may be different at the next attempt: too many processes, or too little memory. */
const BUSY = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);

const E2BIG = "its arguments and variables are longer than the system allows (E2BIG); give long text as `input`";

/** Of the folder the system says only that the shell was not found, so that is found out here. */
function refuseStart({ program, cwd }: CommandParams, fault: unknown): never {
  const { code = "", message } = fault as NodeJS.ErrnoException;
  const why = cwd !== null && !isFolder(cwd) ? `there is no folder ${cwd}` : code === "E2BIG" ? E2BIG : message;
  throw new CommandFault("command_not_started", `${program} cannot be started: ${why}`, { retryable: BUSY.has(code) });
}

const isFolder = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
