import type { JsonObject } from "@tickline/shared/domain/json";
import { boundedCache } from "@tickline/shared/domain/schedule/bounded-cache";
import type { HandlerDescription } from "@tickline/shared/ports/handler-registry";
import type { Logger } from "@tickline/shared/runtime/logger";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Fault } from "../http/problem.ts";
import { nameOfType, pointerOf, unknownField } from "../http/schema-faults.ts";

/** What is wrong with params, with pointers from the job's body: `/params/url`. */
export type ParamsCheck = (handler: HandlerDescription, params: JsonObject) => readonly Fault[];

/** Compiled schemas kept; a changed schema is another text, so an entry never goes stale. */
const COMPILED_MAX = 200;

/** Null: it cannot be compiled. */
type Compiled = ValidateFunction | null;

export function createParamsCheck(log: Logger): ParamsCheck {
  const byText = boundedCache<string, Compiled>(COMPILED_MAX);
  // The same description is handed in again and again; its text is made once.
  const byHandler = new WeakMap<HandlerDescription, Compiled>();

  function compile(handler: HandlerDescription): Compiled {
    // An instance for each schema: ids of one handler's schema cannot clash with those of another.
    const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, validateSchema: false, logger: false });
    formats.default(ajv);
    try {
      return ajv.compile(handler.paramsSchema);
    } catch (fault) {
      // Not the client's fault: the executor parses params once more, and says what is wrong in the run.
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
    return validate === null || validate(params) ? [] : (validate.errors ?? []).map(faultOf);
  };
}

function faultOf(error: ErrorObject): Fault {
  const at = `/params${error.instancePath}`;
  const params = error.params as Readonly<Record<string, unknown>>;
  const named = MISPLACED[error.keyword];
  const name = named === undefined ? undefined : params[named];
  // Ajv reports these of the object around the place where the fault is.
  if (typeof name === "string") {
    const fault =
      error.keyword === "required"
        ? { code: "required", message: "is required" }
        : unknownField(name, Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {}));
    return { pointer: at + pointerOf([name]), ...fault };
  }
  const { code, say } = KNOWN[error.keyword] ?? { code: "invalid_value", say: () => null };
  return { pointer: at, code, message: say(params) ?? error.message ?? "is not valid" };
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

/** Codes and sentences as our own schemas have them, so that clients need to know one set. */
const KNOWN: Readonly<Record<string, Known>> = {
  type: {
    code: "invalid_type",
    say: ({ type }) => `must be ${typeof type === "string" ? nameOfType(type) : [type].flat().map(String).map(nameOfType).join(" or ")}`,
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
  format: { code: "invalid_format", say: ({ format }) => `must be a valid ${String(format)}` },
  pattern: { code: "invalid_format", say: keep },
};
