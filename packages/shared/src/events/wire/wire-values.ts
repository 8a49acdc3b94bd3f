import { alteredIn } from "../../domain/json/exact-json.ts";
import { deeperThan, JSON_DEPTH_MAX } from "../../domain/json/json.ts";
import type { WireShape } from "./wire-shape.ts";

/** How a format writes the kinds that it lacks: instants, and embedded JSON. */
export interface WireFormat {
  readonly instant: { write(instant: number): unknown; read(value: unknown): number | undefined };
  readonly json: { write(value: unknown): unknown; read(value: unknown): unknown };
}

export const JSON_FORMAT: WireFormat = {
  instant: {
    write: (instant) => new Date(instant).toISOString(),
    read: (value) => (typeof value === "string" ? orUndefined(Date.parse(value)) : undefined),
  },
  json: { write: (value) => value, read: (value) => value },
};

export const avroFormat = (writtenBy: WrittenBy): WireFormat => ({
  instant: { write: (instant) => instant, read: (value) => (typeof value === "number" ? orUndefined(value) : undefined) },
  json: {
    write: (value) => JSON.stringify(value),
    read: (value) => (typeof value === "string" ? parseJson(value, writtenBy) : undefined),
  },
});

/** The data does not fit the schema of the event. The message names the field. */
export class WireFault extends Error {
  override readonly name = "WireFault";
}

type Write = (value: never) => unknown;
type Read = (value: unknown, path: string) => unknown;

/** Converts event data for the format. Compiled once for each event: it runs for every message. */
export function compileWriter(shape: WireShape, format: WireFormat): Write {
  switch (shape.kind) {
    case "instant":
      return format.instant.write;
    case "json":
    case "jsonObject":
      return format.json.write;
    case "nullable": {
      const write = compileWriter(shape.of, format);
      return (value) => (value === null ? null : write(value));
    }
    case "array": {
      const write = compileWriter(shape.of, format);
      return (values: readonly never[]) => values.map((value) => write(value));
    }
    case "record": {
      const fields = shape.fields.map(({ name, shape: of }) => ({ name, write: compileWriter(of, format) }));
      return (value: Readonly<Record<string, never>>) => {
        const written: Record<string, unknown> = {};
        for (const { name, write } of fields) written[name] = write(value[name] as never);
        return written;
      };
    }
    case "string":
    case "enum":
    case "boolean":
    case "integer":
      return (value) => value;
  }
}

/** Converts and checks read data: unknown fields are dropped, a wrong one is a `WireFault`. */
export function compileReader(shape: WireShape, format: WireFormat): Read {
  switch (shape.kind) {
    case "nullable": {
      const read = compileReader(shape.of, format);
      return (value, path) => (value === null ? null : read(value, path));
    }
    case "array": {
      const read = compileReader(shape.of, format);
      return (value, path) => (Array.isArray(value) ? value.map((item) => read(item, path)) : refuse(path, "must be a list"));
    }
    case "record":
      return recordReader(shape, format);
    case "enum": {
      const values = new Set<unknown>(shape.values);
      return (value, path) => (values.has(value) ? value : refuse(path, `is none of ${shape.values.join(", ")}`));
    }
    case "instant":
      return (value, path) => format.instant.read(value) ?? refuse(path, "must be an instant");
    case "json":
      return (value, path) => {
        const read = format.json.read(value);
        return read === undefined ? refuse(path, "must be JSON") : read;
      };
    case "jsonObject":
      return (value, path) => requireObject(format.json.read(value), path);
    case "string":
    case "boolean":
      return (value, path) => (typeof value === shape.kind ? value : refuse(path, `must be a ${shape.kind}`));
    case "integer":
      return (value, path) => (Number.isSafeInteger(value) ? value : refuse(path, "must be a whole number"));
  }
}

function recordReader({ fields }: Extract<WireShape, { kind: "record" }>, format: WireFormat): Read {
  const readers = fields.map(({ name, shape, fallback }) => ({ name, fallback, read: compileReader(shape, format) }));
  return (value, path) => {
    const given = requireObject(value, path);
    const made: Record<string, unknown> = {};
    for (const { name, fallback, read } of readers) {
      const found = given[name];
      made[name] = found === undefined && fallback !== undefined ? fallback : read(found, name);
    }
    return made;
  };
}

const requireObject = (value: unknown, path: string): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(path, "must be an object");

function refuse(path: string, problem: string): never {
  throw new WireFault(`${path} ${problem}`);
}

/** The farthest from 1970 that a date can be, in milliseconds: beyond it an instant cannot be written as text. */
const INSTANT_MAX = 8_640_000_000_000_000;

/** True for a number that is a valid instant. */
const orUndefined = (value: number): number | undefined =>
  Number.isSafeInteger(value) && Math.abs(value) <= INSTANT_MAX ? value : undefined;

/** Numbers of so many digits, or with an exponent, and halves of surrogate pairs. Most messages have none, and the check costs very little. */
const MAY_BE_ALTERED = /[\d.]{16}|\d[eE]|\\u[dD]/;

/** Our own services write no member twice, so their messages need no check for it. */
export type WrittenBy = "us" | "others";

/** Undefined: the text is no JSON. Throws a `WireFault` for JSON that is nested too deeply to be written again, or that parsing would change. */
export function parseJson(text: string, writtenBy: WrittenBy = "others"): unknown {
  const value = tryParseJson(text);
  // Each level takes two characters at least.
  if (text.length > 2 * JSON_DEPTH_MAX && deeperThan(value, JSON_DEPTH_MAX))
    throw new WireFault(`the JSON is nested deeper than ${JSON_DEPTH_MAX}`);
  const altered = value !== undefined && (writtenBy === "others" || MAY_BE_ALTERED.test(text)) ? alteredIn(text) : null;
  if (altered !== null) throw new WireFault(`${altered.path.join(".") || "the JSON"}: ${altered.message}`);
  return value;
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The reader refuses the field by its name.
  }
}
