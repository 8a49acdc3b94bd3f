import { z } from "zod";

/**
 * A point in time: whole milliseconds since 1970-01-01T00:00:00Z. Instants are numbers inside, because they are
 * compared, added and sorted tens of thousands of times a second; they are ISO 8601 text only on the wire.
 */
export type Instant = number;

/** An instant as a field. Whatever is made of a schema learns from `wire` that it is one: formats of events, and the stream of events. */
export const InstantSchema = z.int().meta({ wire: "instant" });

/** ISO 8601 in UTC with milliseconds, as every answer shows an instant. */
export const toIso = (instant: Instant): string => new Date(instant).toISOString();

/** `toIso` for a field that may be absent; absent is `null` in answers. */
export const toIsoOrNull = (instant: Instant | null): string | null => (instant === null ? null : toIso(instant));
