import { EVENT_DEFINITIONS } from "../../events/event-definitions.ts";
import { toAvroSchema } from "../../events/wire/avro-schema.ts";

/** Where the schemas lie for others to read: the public contract. */
export const AVSC_FOLDER = new URL("../../../avsc/", import.meta.url);

/** Each file by name, with its text. */
export const avscFiles = (): ReadonlyMap<string, string> =>
  new Map(EVENT_DEFINITIONS.map((definition) => [`${definition.type}.avsc`, `${JSON.stringify(toAvroSchema(definition), null, 2)}\n`]));
