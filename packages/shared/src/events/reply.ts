import { z } from "zod";
import type { Instant } from "../domain/time/instant.ts";
import { JsonField } from "../domain/json/json.ts";
import { COMMAND_TYPES, type Command } from "./command.ts";
import type { Envelope } from "./envelope.ts";

/** The command that a reply belongs to. */
const AskedSchema = z.object({
  commandId: z.string().meta({ description: "The CloudEvents id of the command." }),
  commandSource: z.string().meta({ description: "The CloudEvents source of the command." }),
  command: z.enum(COMMAND_TYPES).meta({ description: "The CloudEvents type of the command." }),
});
type Asked = Readonly<z.output<typeof AskedSchema>>;

export const CommandAnsweredData = AskedSchema.extend({
  jobId: z.string(),
  runId: z.string().nullable().meta({ description: "The run that was made or cancelled." }),
  result: JsonField.meta({ description: "What REST answers: the job, or the run." }),
});
export type CommandAnsweredData = Readonly<z.output<typeof CommandAnsweredData>>;

/** One fault of a command. */
const CommandFault = z
  .object({
    pointer: z.string().meta({ description: "RFC 6901 into the job, or into what stands in its place." }),
    code: z.string(),
    message: z.string(),
  })
  .meta({ title: "CommandFault" });
export type CommandFault = Readonly<z.output<typeof CommandFault>>;

export const CommandRefusedData = AskedSchema.extend({
  code: z.string().meta({ description: "As the problems of the REST API have it. Stable: programs may switch on it." }),
  detail: z.string().meta({ description: "What is wrong, for a person. May change." }),
  errors: z.array(CommandFault).readonly().meta({ description: "Everything that is wrong with a job or params." }),
});
export type CommandRefusedData = Readonly<z.output<typeof CommandRefusedData>>;

/** The command was carried out, and the result is durable. A repeated command is answered again. */
export type CommandAnswered = Envelope<"CommandAnswered", CommandAnsweredData>;
/** Nothing was done: the command is invalid, too late, or not possible in the present state. */
export type CommandRefused = Envelope<"CommandRefused", CommandRefusedData>;
export type Reply = CommandAnswered | CommandRefused;

export const commandAnswered = (command: Command, answer: Omit<CommandAnsweredData, keyof Asked>, time: Instant): CommandAnswered => ({
  id: `${command.id}-answered`,
  type: "CommandAnswered",
  subject: answer.jobId,
  ...replyEnvelope(command, time),
  data: { ...askedBy(command), ...answer },
});

/** The part of a command that a refusal needs: its data may be unreadable. */
export type CommandEnvelope = Omit<Command, "data">;

export const commandRefused = (
  command: CommandEnvelope,
  refusal: Omit<CommandRefusedData, keyof Asked>,
  time: Instant,
): CommandRefused => ({
  id: `${command.id}-refused`,
  type: "CommandRefused",
  subject: command.subject,
  ...replyEnvelope(command, time),
  data: { ...askedBy(command), ...refusal },
});

const replyEnvelope = ({ tenantId }: CommandEnvelope, time: Instant) => ({ source: "tickline/api", time, tenantId }) as const;
const askedBy = ({ id, source, type }: CommandEnvelope): Asked => ({ commandId: id, commandSource: source, command: type });
