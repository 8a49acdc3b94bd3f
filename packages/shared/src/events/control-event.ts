import { z } from "zod";
import type { Instant } from "../domain/time/instant.ts";
import type { Envelope, EventSource } from "./envelope.ts";

export const CancelRequestedData = z.object({ runId: z.string() });
export const HandlersChangedData = z.object({ types: z.array(z.string()).readonly() });
export const RunsReadyData = z.object({ queues: z.array(z.string()).readonly() });

/** A cancel of a running run was requested. The flag is in the store; this hint only makes it faster. */
export type CancelRequested = Envelope<"CancelRequested", Readonly<z.output<typeof CancelRequestedData>>>;
/** An executor published handlers: apis reload the registry, schedulers publish the runs that waited for them. */
export type HandlersChanged = Envelope<"HandlersChanged", Readonly<z.output<typeof HandlersChangedData>>>;
/** Runs became publishable by others than the scheduler: *trigger now*, or an edit that fired due instants. */
export type RunsReady = Envelope<"RunsReady", Readonly<z.output<typeof RunsReadyData>>>;

/** Hints for every instance, on `tickline.control`. Losing one costs time only. */
export type ControlEvent = CancelRequested | HandlersChanged | RunsReady;

const envelope = { subject: "" } as const;

export interface ControlContext {
  readonly id: string;
  readonly time: Instant;
  readonly source: EventSource;
  readonly tenantId: string;
}

export const cancelRequested = (runId: string, context: ControlContext): CancelRequested => ({
  ...envelope,
  ...context,
  type: "CancelRequested",
  data: { runId },
});
export const handlersChanged = (types: readonly string[], context: ControlContext): HandlersChanged => ({
  ...envelope,
  ...context,
  type: "HandlersChanged",
  data: { types },
});
export const runsReady = (queues: readonly string[], context: ControlContext): RunsReady => ({
  ...envelope,
  ...context,
  type: "RunsReady",
  data: { queues },
});
