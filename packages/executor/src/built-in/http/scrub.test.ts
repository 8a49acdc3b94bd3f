import { expect, test } from "@jest/globals";
import { anyCodePoint } from "@tickline/shared/testing/any-code-point";
import fc from "fast-check";
import { decodeLevels } from "./encoded-text.ts";
import { REDACTED, scrub } from "./scrub.ts";

const WHOLE = { beginnings: false, cut: false };
const BEGINNINGS = { beginnings: true, cut: false };
const SECRET = 'tök/en&"7+?= x';

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const inAscii = (text: string): string => text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const inHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll("'", "&#39;");

const ECHOES: readonly [string, (text: string) => string][] = [
  ["as it is", (text) => text],
  ["percent-encoded", encodeURIComponent],
  ["percent-encoded in lower case", (text) => encodeURIComponent(text).replace(/%../g, (byte) => byte.toLowerCase())],
  ["in JSON", inJson],
  ["in JSON of ASCII", (text) => inAscii(inJson(text))],
  ["in JSON with escaped slashes", (text) => inJson(text).replaceAll("/", "\\/")],
  ["in HTML", inHtml],
  ["in JSON in JSON", (text) => inJson(inJson(text))],
  ["percent-encoded in HTML in JSON", (text) => inJson(inHtml(encodeURIComponent(text)))],
];

test.each(ECHOES)("a secret is replaced: %s", (_, echo) => {
  const text = `${echo("before ")}${echo(SECRET)}${echo(" after")}`;
  expect(scrub(text, [SECRET], WHOLE)).toBe(`${echo("before ")}${REDACTED}${echo(" after")}`);
});

test("a secret with a replacement character of Unicode is replaced where it is percent-encoded", () => {
  expect(scrub("token=%EF%BF%BD%EF%BF%BDab;", ["\ufffd\ufffdab"], WHOLE)).toBe(`token=${REDACTED};`);
});

test("no secret stays in any text, in any of these forms, and what is no part of one stays as it was", () => {
  const secrets = fc
    .string({ unit: "grapheme", minLength: 4, maxLength: 40 })
    .filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
  const around = fc.string({ unit: fc.constantFrom(..."abc {}\n\ud83d%\\&;€".split("")), maxLength: 20 });
  fc.assert(
    fc.property(secrets, around, around, fc.constantFrom(...ECHOES), fc.boolean(), (secret, before, after, [, echo], beginnings) => {
      const scrubbed = scrub(`${before} ${echo(secret)} ${after}`, [secret], { beginnings, cut: false });
      for (const { text } of decodeLevels(scrubbed)) expect(text.replaceAll(REDACTED, "").includes(secret)).toBe(false);
      expect(scrubbed).toContain(REDACTED);
      if (!`${before} ${secret} ${after}`.replace(secret, "").includes(secret.slice(0, 4)))
        expect(scrubbed.startsWith(before.trimEnd()) && scrubbed.endsWith(after.trimStart())).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("a text without secrets stays as it is, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCodePoint }), (text) => {
      expect(scrub(text, ["a secret that is not in it"], { beginnings: true, cut: true })).toBe(text);
      expect(scrub(text, [], { beginnings: true, cut: true })).toBe(text);
    }),
  );
});

test("secrets beside, within and over each other are all replaced", () => {
  expect(scrub("abcdefgh", ["abcd", "efgh"], WHOLE)).toBe(`${REDACTED}${REDACTED}`);
  expect(scrub("user:pass", ["user:pass", "pass"], WHOLE)).toBe(REDACTED);
  expect(scrub("abcdefgh", ["abcdef", "cdefgh"], WHOLE)).toBe(REDACTED);
  expect(scrub("abcdabcd", ["abcd"], WHOLE)).toBe(REDACTED + REDACTED);
});

test("nothing of a long secret is shown that a target cut short", () => {
  const secret = "abcdefghijklmnopqrstuvwxyz";
  expect(scrub("got abcdefghijklmnop… of you", [secret], BEGINNINGS)).toBe(`got ${REDACTED}… of you`);
  expect(scrub("got abcdefghijkl", [secret], BEGINNINGS)).toBe(`got ${REDACTED}`);
  expect(scrub("got abcdefghijklmnop", [secret], WHOLE)).toBe("got abcdefghijklmnop");
});

test("a text that was cut in a secret ends before it", () => {
  expect(scrub("key=abcde", ["abcdefgh"], { beginnings: false, cut: true })).toBe(`key=${REDACTED}`);
  expect(scrub("key=a%62cde", ["abcdefgh"], { beginnings: false, cut: true })).toBe(`key=${REDACTED}`);
  expect(scrub("key=abc", ["abcdefgh"], { beginnings: false, cut: true })).toBe("key=abc");
  expect(scrub("key=abcde", ["abcdefgh"], WHOLE)).toBe("key=abcde");
});
