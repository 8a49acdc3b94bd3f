import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "@jest/globals";
import { Ajv, type ValidateFunction } from "ajv";
import { sampleEvents } from "../sample-events.test-support.ts";
import { jsonCodec } from "../wire/json-codec.ts";
import { asyncApiDocument } from "./asyncapi-document.ts";

const document = asyncApiDocument("0.1.0");
const require = createRequire(import.meta.url);
/** `format` is a word for readers here: what it means is tested where instants are read. */
const ajv = new Ajv({ strict: false, validateFormats: false });

test("the document is AsyncAPI 3, by its own JSON Schema", () => {
  const schema = JSON.parse(readFileSync(require.resolve("@asyncapi/specs/schemas/3.0.0.json"), "utf8"));
  // It brings the schema of schemas along, which Ajv would otherwise know twice.
  const validate = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false }).compile(schema);
  validate(document);
  expect(validate.errors).toBeNull();
});

test("each reference leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
  expect(references.length).toBeGreaterThan(20);
  for (const path of references) {
    const target = path.split("/").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
    expect([path, target]).not.toContain(undefined);
  }
});

test("what is said is what the document describes: headers and value of each event", () => {
  for (const event of sampleEvents()) {
    const [sent] = jsonCodec.encode([event]);
    const described = document.components.messages[event.type];
    expect(findFaults(ajv.compile(described?.headers ?? false), sent?.headers)).toEqual([]);
    expect(findFaults(ajv.compile(described?.payload ?? false), JSON.parse(String(sent?.value)))).toEqual([]);
  }
});

test("each event has an example, which is as the document describes it", () => {
  for (const [type, { headers, payload, examples }] of Object.entries(document.components.messages)) {
    expect([type, examples.length]).toEqual([type, 1]);
    for (const example of examples) {
      expect([type, findFaults(ajv.compile(headers), example.headers)]).toEqual([type, []]);
      expect([type, findFaults(ajv.compile(payload), example.payload)]).toEqual([type, []]);
    }
  }
});

test("an event that lacks a field is not what it describes", () => {
  expect(findFaults(ajv.compile(document.components.messages["JobDue"]?.payload ?? true), { runId: "r" })).not.toEqual([]);
});

function findFaults(validate: ValidateFunction, value: unknown): unknown[] {
  validate(value);
  return validate.errors ?? [];
}
