import type { Instant } from "../domain/instant.ts";

/** The envelope of every event: the attributes of CloudEvents 1.0 that Tickline uses. */
export interface Envelope<Type extends string, Data> {
  /** Unique per thing that happened: a repeat carries the same id. */
  readonly id: string;
  readonly type: Type;
  /** Which service said it: `tickline/api`, … */
  readonly source: EventSource;
  /** The job's id; empty for what concerns no job. */
  readonly subject: string;
  readonly time: Instant;
  readonly tenantId: string;
  readonly data: Data;
}

export type EventSource = "tickline/api" | "tickline/scheduler" | "tickline/executor";
