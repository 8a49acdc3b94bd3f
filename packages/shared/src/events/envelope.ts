import type { Instant } from "../domain/time/instant.ts";

/** The envelope of every event: the attributes of CloudEvents 1.0 that Tickline uses. */
export interface Envelope<Type extends string, Data> {
  /** Unique per occurrence: a repeat has the same id. */
  readonly id: string;
  readonly type: Type;
  /** The publisher: an `EventSource`, or the name of a foreign executor or another service. */
  readonly source: string;
  /** The job's id; empty if the event concerns no job. */
  readonly subject: string;
  readonly time: Instant;
  readonly tenantId: string;
  readonly data: Data;
}

/** Our own services. */
export type EventSource = "tickline/api" | "tickline/scheduler" | "tickline/executor";

/** The prefix of the sources of Tickline services. Other senders may not use it. */
const OWN_SOURCES = "tickline/";

export const isOwnSource = (source: string): boolean => source.startsWith(OWN_SOURCES);
