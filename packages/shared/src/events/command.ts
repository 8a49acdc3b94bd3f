import { z } from "zod";
import { JsonField } from "../domain/json/json.ts";
import type { Envelope } from "./envelope.ts";

/*
 * What of a command may be anything is any JSON: what is wrong with it is then said in a refusal, where a message that cannot be read is
 * only put aside.
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

/** What other services want done. The id of the envelope is to a command what an `Idempotency-Key` is to a request. */
export type Command = CreateJob | TriggerJob | CancelRun;

export const COMMAND_TYPES = ["CreateJob", "TriggerJob", "CancelRun"] as const satisfies readonly Command["type"][];

export const isCommandType = (type: string): type is Command["type"] => (COMMAND_TYPES as readonly string[]).includes(type);
export const isCommand = (event: { readonly type: string }): event is Command => isCommandType(event.type);
