import { z } from "zod";
import { DueRunSchema } from "../domain/run/due-run.ts";
import type { Envelope } from "./envelope.ts";

const { runId, attempt } = DueRunSchema.shape;
export const JobHeartbeatData = z.object({ runId, attempt });

/** A foreign executor still runs the attempt, and requests the renewal of its lease. Our own executors renew leases in the store. */
export type JobHeartbeat = Envelope<"JobHeartbeat", Readonly<z.output<typeof JobHeartbeatData>>>;
