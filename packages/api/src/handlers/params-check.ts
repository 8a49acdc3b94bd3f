import type { JsonObject } from "@tickline/shared/domain/json/json";
import { PARAMS_FORMATS } from "@tickline/shared/domain/http/params-formats";
import { boundedCache } from "@tickline/shared/domain/schedule/bounded-cache";
import type { HandlerDescription } from "@tickline/shared/ports/store/handler-registry";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Fault } from "../problems/problem.ts";
import { typeName, toPointer, unknownField } from "../problems/schema-faults.ts";

/** The faults of params, with pointers into the job's body: `/params/url`. */
export type ParamsCheck = (handler: HandlerDescription, params: JsonObject) => readonly Fault[];

/** Compiled schemas that are kept, by their text. A changed schema has another text, so an entry is never outdated. */
const COMPILED_MAX = 200;

/** Null: it cannot be compiled. */
type Compiled = ValidateFunction | null;

export function createParamsCheck(log: Logger): ParamsCheck {
  const byText = boundedCache<string, Compiled>(COMPILED_MAX);
  // The same description is used many times, so its text is made once.
  const byHandler = new WeakMap<HandlerDescription, Compiled>();

  function compile(handler: HandlerDescription): Compiled {
    // An instance for each schema, so that ids in the schemas of two handlers cannot conflict.
    const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, validateSchema: false, logger: false });
    formats.default(ajv);
    for (const [format, fault] of Object.entries(PARAMS_FORMATS)) ajv.addFormat(format, (text: string) => fault(text) === null);
    try {
      return ajv.compile(handler.paramsSchema);
    } catch (fault) {
      // Not the client's fault. The executor parses params again, and the run reports the fault.
      log.warn({ err: fault, handler: handler.type }, "the schema of a handler cannot be compiled; its params go unchecked");
      return null;
    }
  }
  function compiled(handler: HandlerDescription): Compiled {
    const known = byHandler.get(handler);
    if (known !== undefined) return known;
    const text = JSON.stringify(handler.paramsSchema);
    let validate = byText.get(text);
    if (validate === undefined) byText.set(text, (validate = compile(handler)));
    byHandler.set(handler, validate);
    return validate;
  }
  return (handler, params) => {
    const validate = compiled(handler);
    return validate === null || validate(params) ? [] : toFaults(validate.errors ?? []);
  };
}

/** One fault for each place and reason. */
function toFaults(errors: readonly ErrorObject[]): Fault[] {
  // For the name of a property Ajv reports the fault, and then once more that there is one.
  const said = errors.filter(({ keyword }) => keyword !== "propertyNames");
  const faults = [...Map.groupBy(said, ({ instancePath }) => instancePath).values()].flatMap(toFaultsAtPlace);
  // A format and its pattern may both report the same text.
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/** Ajv reports an error for each option of a union. Together they are one fault, which names the types if the value has none of them. */
function toFaultsAtPlace(errors: readonly ErrorObject[]): Fault[] {
  const [union] = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  if (union === undefined) return errors.map(toFault);
  const types = errors.flatMap(({ keyword, params }) => (keyword === "type" ? [params["type"] as string | string[]].flat() : []));
  const others = errors.filter(({ keyword }) => keyword !== "type" && keyword !== "anyOf" && keyword !== "oneOf");
  if (others.length > 0) return others.map(toFault);
  const at = `/params${union.instancePath}`;
  return types.length === 0
    ? [{ pointer: at, code: "invalid_value", message: "has none of the forms that the handler accepts; GET /handlers shows them" }]
    : [{ pointer: at, code: "invalid_type", message: `must be ${[...new Set(types.map(typeName))].join(" or ")}` }];
}

function toFault(error: ErrorObject): Fault {
  const at = `/params${error.instancePath}${error.propertyName === undefined ? "" : toPointer([error.propertyName])}`;
  const params = error.params as Readonly<Record<string, unknown>>;
  const named = MISPLACED[error.keyword];
  const name = named === undefined ? undefined : params[named];
  // Ajv reports these of the object around the place where the fault is.
  if (typeof name === "string") {
    const fault =
      error.keyword === "required"
        ? { code: "required", message: "is required" }
        : unknownField(name, Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {}));
    return { pointer: at + toPointer([name]), ...fault };
  }
  const { code, say } = KNOWN[error.keyword] ?? { code: "invalid_value", say: () => null };
  return { pointer: at, code, message: sayForm(error) ?? say(params) ?? error.message ?? "is not valid" };
}

/** The message for a text of the wrong form; null: the fault is of another kind. */
function sayForm({ keyword, params, parentSchema, data }: ErrorObject): string | null {
  const schema: Readonly<Record<string, unknown>> = parentSchema ?? {};
  if (keyword === "format") {
    const format = String((params as { readonly format: unknown }).format);
    const fault = isRuled(format) && typeof data === "string" ? PARAMS_FORMATS[format](data) : null;
    return fault ?? `must be a valid ${format}`;
  }
  if (keyword !== "pattern") return null;
  const said = readErrorMessage(schema["errorMessage"]);
  if (said !== null) return said;
  if (typeof schema["format"] === "string") return `must be a valid ${schema["format"]}`;
  const { description } = schema;
  return `is not of the form that the handler accepts${typeof description === "string" ? ` (${description})` : ""}; GET /handlers shows it`;
}

const isRuled = (format: string): format is keyof typeof PARAMS_FORMATS => Object.hasOwn(PARAMS_FORMATS, format);

/** `errorMessage: { pattern }` of a schema, or one text for all its keywords. */
function readErrorMessage(errorMessage: unknown): string | null {
  if (typeof errorMessage === "string") return errorMessage;
  if (typeof errorMessage !== "object" || errorMessage === null || !("pattern" in errorMessage)) return null;
  return typeof errorMessage.pattern === "string" ? errorMessage.pattern : null;
}

const MISPLACED: Readonly<Record<string, string>> = {
  required: "missingProperty",
  additionalProperties: "additionalProperty",
  unevaluatedProperties: "unevaluatedProperty",
};

interface Known {
  readonly code: string;
  readonly say: (params: Readonly<Record<string, unknown>>) => string | null;
}

const keep = (): null => null;
const atLeast = ({ limit }: Readonly<Record<string, unknown>>): string => `must be at least ${String(limit)}`;
const atMost = ({ limit }: Readonly<Record<string, unknown>>): string => `must be at most ${String(limit)}`;

/** The codes and messages of our own schemas, so that clients need to know only one set. */
const KNOWN: Readonly<Record<string, Known>> = {
  type: {
    code: "invalid_type",
    say: ({ type }) => `must be ${typeof type === "string" ? typeName(type) : [type].flat().map(String).map(typeName).join(" or ")}`,
  },
  enum: {
    code: "invalid_value",
    say: ({ allowedValues }) =>
      `must be one of ${[allowedValues]
        .flat()
        .map((value) => JSON.stringify(value))
        .join(", ")}`,
  },
  const: { code: "invalid_value", say: ({ allowedValue }) => `must be ${JSON.stringify(allowedValue)}` },
  minimum: { code: "too_small", say: atLeast },
  exclusiveMinimum: { code: "too_small", say: keep },
  minLength: { code: "too_small", say: keep },
  minItems: { code: "too_small", say: keep },
  maximum: { code: "too_big", say: atMost },
  exclusiveMaximum: { code: "too_big", say: keep },
  maxLength: { code: "too_big", say: keep },
  maxItems: { code: "too_big", say: keep },
  format: { code: "invalid_format", say: keep },
  pattern: { code: "invalid_format", say: keep },
};
