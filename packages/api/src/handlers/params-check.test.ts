import { expect, test } from "@jest/globals";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { createParamsCheck } from "./params-check.ts";

const check = createParamsCheck(silentLogger);
const faults = (properties: JsonObject, params: JsonObject) =>
  check({ type: "any", description: null, paramsSchema: { type: "object", properties }, lastSeenAt: 0 }, params).map(
    ({ pointer, message }) => `${pointer}: ${message}`,
  );
const pattern = "^[A-Z]{2}-[0-9]+$";

test.each<[string, JsonObject, unknown, string[]]>([
  ["a URL that can work", { type: "string", format: "http-url" }, "http://[::1]:80/", []],
  [
    "a port beyond all",
    { type: "string", format: "http-url" },
    "http://h:99999/",
    ['/params/x: must have a port from 1 to 65535, not "99999"'],
  ],
  [
    "an address without brackets",
    { type: "string", format: "http-url" },
    "http://::1:80/",
    ["/params/x: must have an IPv6 address in brackets, such as http://[::1]:80/"],
  ],
  [
    "headers that are not the job's to set",
    { type: "object", propertyNames: { type: "string", format: "http-header-name" } },
    { "Idempotency-Key": "1", "content-length": "1", "X/Y": "1", "X-A": "1" },
    [
      "/params/x/Idempotency-Key: is set by Tickline: it is the id of the run, the same on all attempts",
      "/params/x/content-length: is set by the connection, and a job may not set it",
      "/params/x/X~1Y: is not a header name: it may have letters, digits and hyphens, but no spaces, colons or quotes",
    ],
  ],
  [
    "statuses that go down",
    { type: "string", format: "http-statuses" },
    "404-200",
    ["/params/x: must have ranges that go upwards, such as 200-299"],
  ],
  [
    "a pattern whose schema has words for it",
    { type: "string", pattern, errorMessage: { pattern: "must be an order number, such as AB-12" } },
    "12",
    ["/params/x: must be an order number, such as AB-12"],
  ],
  [
    "a pattern beside a format",
    { type: "string", format: "email", pattern: "^[^@]+@[^@]+$" },
    "nobody",
    ["/params/x: must be a valid email"],
  ],
  [
    "a pattern with a description",
    { type: "string", pattern, description: "An order number." },
    "12",
    ["/params/x: is not of the form that the handler accepts (An order number.); GET /handlers shows it"],
  ],
  [
    "a pattern alone",
    { type: "string", pattern },
    "12",
    ["/params/x: is not of the form that the handler accepts; GET /handlers shows it"],
  ],
  [
    "one of several types",
    { anyOf: [{ anyOf: [{ type: "string" }, { type: "object" }, { type: "array" }] }, { type: "null" }] },
    5,
    ["/params/x: must be a string or an object or a list or null"],
  ],
  [
    "one of several values",
    { anyOf: [{ type: "object", properties: { a: { type: "string" } } }, { type: "null" }] },
    { a: 1 },
    ["/params/x/a: must be a string", "/params/x: must be null"],
  ],
])("%s", (_, schema, value, expected) => {
  expect(faults({ x: schema }, { x: value as JsonObject })).toEqual(expected);
});
