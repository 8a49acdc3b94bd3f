import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { LEASE_TOKEN_LENGTH_MAX, makeLeaseToken, readLeaseToken } from "./lease-token.ts";

const SECRET = "0123456789abcdefABCD-_";
const terms = fc.record({
  startedAt: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  timeoutAt: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  leaseMs: fc.integer({ min: 1, max: 3_600_000 }),
});

test("a token says what it was made of", () => {
  fc.assert(
    fc.property(terms, (given) => {
      const token = makeLeaseToken(given, SECRET);
      expect(token.length).toBeLessThanOrEqual(LEASE_TOKEN_LENGTH_MAX);
      expect(readLeaseToken(token)).toEqual(given);
    }),
  );
});

test.each([
  "report/1/python-1",
  "report/1/http/1.1.1/0123456789abcdefABCD-_",
  "0123456789abcdefABCD-_",
  "http/1.1/0123456789abcdefABCD-_",
  "http/1.1.1/short",
  "HTTP/1.1.1/0123456789abcdefABCD-_",
  "http/-1.1.1/0123456789abcdefABCD-_",
  "http/1.1.1/0123456789abcdefABCD-_\n",
  "",
])("%j is no token of a claim over HTTP", (token) => expect(readLeaseToken(token)).toBeNull());

test("whatever the text, it is read or it is none", () => {
  fc.assert(fc.property(fc.string(), (text) => readLeaseToken(text) === null || text.startsWith("http/")));
});
