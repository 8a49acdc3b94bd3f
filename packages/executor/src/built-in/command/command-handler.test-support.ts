import { systemClock } from "@tickline/shared/adapters/system/clock";
import { START } from "@tickline/shared/testing/factories";
import { toRunError } from "../../attempt/thrown-error.ts";
import type { HandlerContext } from "../../handlers/handler.ts";
import type { AllowedCommands } from "./allowed-commands.ts";
import { createCommandHandler, type CommandOutput } from "./command-handler.ts";
import type { CommandParams } from "./command-params.ts";

export interface CommandSetup {
  readonly allowed?: AllowedCommands;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly attempt?: number;
  readonly runId?: string;
  readonly killMs?: number;
}

export type GivenParams = Partial<CommandParams> & { readonly program: string };

/** The handler under test, with real processes. */
export function setup({ allowed = "any", environment = process.env, attempt = 1, runId = "RUN", killMs = 500 }: CommandSetup = {}) {
  const handler = createCommandHandler({ clock: systemClock, environment, allowed }, { killMs });
  const abort = new AbortController();
  const warnings: string[] = [];
  const run = async (params: GivenParams): Promise<CommandOutput> => {
    const context = {
      params: handler.params.parse(params),
      runId,
      jobId: "nightly",
      attempt,
      scheduledFor: new Date(START),
      signal: abort.signal,
      log: { warn: (message: string) => void warnings.push(message) },
    };
    return (await handler.run(context as unknown as HandlerContext<CommandParams>)) as CommandOutput;
  };
  return { handler, run, abort, warnings, readFault: (params: GivenParams) => run(params).then(notFailed, toRunError) };
}

export const shell = (program: string, more: Partial<CommandParams> = {}): GivenParams => ({ program, shell: true, ...more });

const notFailed = (output: unknown): never => {
  throw new Error(`it succeeded: ${JSON.stringify(output)}`);
};
