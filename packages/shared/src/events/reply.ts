import type { Instant } from "../domain/instant.ts";
import type { JsonValue } from "../domain/json.ts";
import type { Command } from "./command.ts";
import type { Envelope } from "./envelope.ts";

/** Which command a reply is to. */
interface Asked {
  readonly commandId: string;
  readonly commandSource: string;
  readonly command: Command["type"];
}

export interface CommandAnsweredData extends Asked {
  readonly jobId: string;
  /** The run it made or cancelled; null: it is about no run. */
  readonly runId: string | null;
  /** What REST would answer: the job, or the run without stacks. */
  readonly result: JsonValue;
}

export interface CommandRefusedData extends Asked {
  /** Stable: programs may switch on it. */
  readonly code: string;
  /** What is wrong, for a person. */
  readonly detail: string;
  readonly errors: readonly CommandFault[];
}

/** One thing that is wrong with a command: `pointer` is RFC 6901 into the job, or into what stands in its place. */
export interface CommandFault {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** What was asked for has been done, and is durable. A command that comes again is answered again. */
export type CommandAnswered = Envelope<"CommandAnswered", CommandAnsweredData>;
/** Nothing was done: the command is wrong, came too late, or meets a state in which it cannot be done. */
export type CommandRefused = Envelope<"CommandRefused", CommandRefusedData>;
export type Reply = CommandAnswered | CommandRefused;

export const commandAnswered = (command: Command, answer: Omit<CommandAnsweredData, keyof Asked>, time: Instant): CommandAnswered => ({
  id: `${command.id}-answered`,
  type: "CommandAnswered",
  subject: answer.jobId,
  ...envelopeOf(command, time),
  data: { ...askedBy(command), ...answer },
});

/** What of a command a refusal needs: its data may be what nobody can read. */
export type CommandEnvelope = Omit<Command, "data">;

export const commandRefused = (
  command: CommandEnvelope,
  refusal: Omit<CommandRefusedData, keyof Asked>,
  time: Instant,
): CommandRefused => ({
  id: `${command.id}-refused`,
  type: "CommandRefused",
  subject: command.subject,
  ...envelopeOf(command, time),
  data: { ...askedBy(command), ...refusal },
});

const envelopeOf = ({ tenantId }: CommandEnvelope, time: Instant) => ({ source: "tickline/api", time, tenantId }) as const;
const askedBy = ({ id, source, type }: CommandEnvelope): Asked => ({ commandId: id, commandSource: source, command: type });
