import { z } from "zod";
import { DueRunSchema } from "../domain/run/due-run.ts";
import type { Envelope } from "./envelope.ts";

const { runId, attempt } = DueRunSchema.shape;
export const JobHeartbeatData = z.object({ runId, attempt });

/** A foreign executor is still at work on the attempt, and wants its lease renewed. Our own renew theirs in the store. */
export type JobHeartbeat = Envelope<"JobHeartbeat", Readonly<z.output<typeof JobHeartbeatData>>>;
