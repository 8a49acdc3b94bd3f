import { z } from "zod";
import { JsonField } from "../domain/json/json.ts";
import type { Envelope } from "./envelope.ts";

/*
 * The free parts of a command accept any JSON, so that their faults are answered with a refusal. A message that cannot be read
 * goes to the dead letters without an answer.
 */

export const CreateJobData = z.object({
  jobId: z.string().nullable().meta({ description: "The id that the job gets; null: one that Tickline makes." }),
  job: JsonField.default({}).meta({ description: "The job, as the body of POST /jobs says it." }),
});

export const TriggerJobData = z.object({
  jobId: z.string(),
  params: JsonField.default(null).meta({ description: "Instead of the job's own, for this run alone; null: those." }),
});

export const CancelRunData = z.object({ runId: z.string() });

export type CreateJob = Envelope<"CreateJob", Readonly<z.output<typeof CreateJobData>>>;
export type TriggerJob = Envelope<"TriggerJob", Readonly<z.output<typeof TriggerJobData>>>;
export type CancelRun = Envelope<"CancelRun", Readonly<z.output<typeof CancelRunData>>>;

/** Requests of other services. The id of the envelope has the role of the `Idempotency-Key` of an HTTP request. */
export type Command = CreateJob | TriggerJob | CancelRun;

export const COMMAND_TYPES = ["CreateJob", "TriggerJob", "CancelRun"] as const satisfies readonly Command["type"][];

export const isCommandType = (type: string): type is Command["type"] => (COMMAND_TYPES as readonly string[]).includes(type);
export const isCommand = (event: { readonly type: string }): event is Command => isCommandType(event.type);
