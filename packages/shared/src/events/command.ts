import type { JsonValue } from "../domain/json.ts";
import type { Envelope } from "./envelope.ts";

export interface CreateJobData {
  /** The id that the job gets; null: one of ours. */
  readonly jobId: string | null;
  /** What the body of `POST /jobs` says, unchecked. */
  readonly job: JsonValue;
}

export interface TriggerJobData {
  readonly jobId: string;
  /** Instead of the job's own, for this run alone; null: those. Unchecked. */
  readonly params: JsonValue;
}

export interface CancelRunData {
  readonly runId: string;
}

export type CreateJob = Envelope<"CreateJob", CreateJobData>;
export type TriggerJob = Envelope<"TriggerJob", TriggerJobData>;
export type CancelRun = Envelope<"CancelRun", CancelRunData>;

/** What other services want done. The id of the envelope is to a command what an `Idempotency-Key` is to a request. */
export type Command = CreateJob | TriggerJob | CancelRun;

export const COMMAND_TYPES = ["CreateJob", "TriggerJob", "CancelRun"] as const satisfies readonly Command["type"][];

export const isCommandType = (type: string): type is Command["type"] => (COMMAND_TYPES as readonly string[]).includes(type);
export const isCommand = (event: { readonly type: string }): event is Command => isCommandType(event.type);
