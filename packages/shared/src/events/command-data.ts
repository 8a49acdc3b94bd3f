import { z } from "zod";
import { AnyJson } from "./event-data.ts";
import { COMMAND_TYPES, type CancelRunData, type CreateJobData, type TriggerJobData } from "./command.ts";
import type { CommandAnsweredData, CommandFault, CommandRefusedData } from "./reply.ts";

/**
 * The data of commands and of the replies to them, by the same rules as that of events. What of a command may be anything is
 * any JSON: what is wrong with it is then said in a refusal, where a message that cannot be read is only put aside.
 */
export const CreateData = z.object({
  jobId: z.string().nullable().meta({ description: "The id that the job gets; null: one that Tickline makes." }),
  job: AnyJson.default({}).meta({ description: "The job, as the body of POST /jobs says it." }),
}) satisfies z.ZodType<CreateJobData>;

export const TriggerData = z.object({
  jobId: z.string(),
  params: AnyJson.default(null).meta({ description: "Instead of the job's own, for this run alone; null: those." }),
}) satisfies z.ZodType<TriggerJobData>;

export const CancelRunCommandData = z.object({ runId: z.string() }) satisfies z.ZodType<CancelRunData>;

const Asked = {
  commandId: z.string().meta({ description: "The CloudEvents id of the command." }),
  commandSource: z.string().meta({ description: "The CloudEvents source of the command." }),
  command: z.enum(COMMAND_TYPES).meta({ description: "The CloudEvents type of the command." }),
};

const FaultData = z
  .object({
    pointer: z.string().meta({ description: "RFC 6901 into the job, or into what stands in its place." }),
    code: z.string(),
    message: z.string(),
  })
  .meta({ title: "CommandFault" }) satisfies z.ZodType<CommandFault>;

export const AnsweredData = z.object({
  ...Asked,
  jobId: z.string(),
  runId: z.string().nullable().meta({ description: "The run that was made or cancelled." }),
  result: AnyJson.meta({ description: "What REST answers: the job, or the run." }),
}) satisfies z.ZodType<CommandAnsweredData>;

export const RefusedData = z.object({
  ...Asked,
  code: z.string().meta({ description: "As the problems of the REST API have it. Stable: programs may switch on it." }),
  detail: z.string().meta({ description: "What is wrong, for a person. May change." }),
  errors: z.array(FaultData).meta({ description: "Everything that is wrong with a job or params." }),
}) satisfies z.ZodType<CommandRefusedData>;
