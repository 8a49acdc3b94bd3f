import type { Envelope } from "./envelope.ts";

export interface JobHeartbeatData {
  readonly runId: string;
  readonly attempt: number;
}

/** A foreign executor is still at work on the attempt, and wants its lease renewed. Our own renew theirs in the store. */
export type JobHeartbeat = Envelope<"JobHeartbeat", JobHeartbeatData>;
