import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { OpenApiDocument } from "./openapi-document.ts";

/** What a pattern says in part only: docs/api.md. */
const OWN_FORMATS: Readonly<Record<string, true>> = {
  cron: true,
  cursor: true,
  "entity-tags": true,
  interval: true,
  schedule: true,
  "time-zone": true,
};

// oxlint-disable-next-line typescript/no-explicit-any -- the document is walked as JSON
type Json = any;

/** Makes checks of values by schemas of the document, references and all. */
export function createValidators(document: OpenApiDocument): (schema: object) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, validateFormats: true, allErrors: true, formats: OWN_FORMATS });
  formats.default(ajv);
  ajv.addSchema({ $id: "doc", components: document.components });
  const known = new Map<string, ValidateFunction>();
  return (schema) => {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"doc#/components');
    const validate = known.get(text) ?? ajv.compile(JSON.parse(text));
    known.set(text, validate);
    return validate;
  };
}

export interface SentRequest {
  /** `POST /jobs` */
  readonly to: string;
  readonly query?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text is sent as it is. */
  readonly body?: unknown;
}

/** Whether the document allows a request; where it stands if not. */
export function createDocumentCheck(document: OpenApiDocument): (request: SentRequest) => readonly string[] {
  const findValidator = createValidators(document);
  const allows = (schema: object, value: unknown): boolean => findValidator(schema)(value) as boolean;
  return ({ to, query = "", headers = {}, body }) => {
    const [method = "", target = ""] = to.split(" ");
    const [path, id] = findPlace(document, target);
    const operation: Json = (document.paths as Json)[path][method.toLowerCase()];
    const parameters: readonly Json[] = operation.parameters ?? [];
    const given = new URLSearchParams(query);
    const unknown = [...given.keys()].filter((key) => !parameters.some(({ name, in: where }) => where === "query" && name === key));
    const refused = parameters.filter((parameter) => {
      const value = findValue(parameter, { id, given, headers });
      return value === undefined ? parameter.required === true : !allows(parameter.schema, value);
    });
    return [...unknown, ...refused.map(({ name }) => String(name)), ...(isBodyAllowed(operation, body, allows) ? [] : ["body"])];
  };
}

/** The path as the document has it, and the id in it. */
function findPlace(document: OpenApiDocument, target: string): readonly [path: string, id: string] {
  if ((document.paths as Json)[target] !== undefined) return [target, ""];
  const steps = target.split("/");
  return [[...steps.slice(0, 2), "{id}", ...steps.slice(3)].join("/"), decoded(steps[2] ?? "")];
}

/** As the router reads it: what is no UTF-8 stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a parameter is given, as its schema reads it; undefined: it is not. */
function findValue(
  { name, in: where, schema, explode = true }: Json,
  { id, given, headers }: { readonly id: string; readonly given: URLSearchParams; readonly headers: Readonly<Record<string, string>> },
): unknown {
  if (where === "path") return id;
  if (where === "header") return headers[String(name).toLowerCase()];
  const values = given.getAll(name);
  if (values.length === 0) return undefined;
  if (schema.type === "array") return explode === true ? values : values.flatMap((text) => text.split(","));
  const [text = ""] = values;
  return values.length > 1 ? values : schema.type === "integer" && /^-?\d+$/.test(text) ? Number(text) : text;
}

function isBodyAllowed({ requestBody }: Json, body: unknown, allows: (schema: object, value: unknown) => boolean): boolean {
  if (requestBody === undefined) return true;
  if (body === undefined) return requestBody.required !== true;
  const [content] = Object.values<Json>(requestBody.content);
  return allows(content.schema, typeof body === "string" ? JSON.parse(body) : body);
}
