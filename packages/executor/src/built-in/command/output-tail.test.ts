import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createOutputTail, tailChars, tailForJson } from "./output-tail.ts";

const chunks = fc.array(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)));

test("the tail is the end of all that was added, however it came in parts", () => {
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 60 }), (parts, bytesMax) => {
      const tail = createOutputTail(bytesMax);
      for (const part of parts) tail.add(part);
      const all = Buffer.concat(parts);
      expect(tail.bytes).toBe(all.length);
      if (all.length <= bytesMax) expect(tail.text()).toBe(all.toString("utf8"));
      else expect(all.subarray(-bytesMax).toString("utf8").endsWith(tail.text())).toBe(true);
    }),
  );
});

test("a tail of text begins with a whole character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 60 }), (text, bytesMax) => {
      const tail = createOutputTail(bytesMax);
      tail.add(Buffer.from(text));
      expect(tail.text()).not.toContain("\u{fffd}");
      expect(text.endsWith(tail.text())).toBe(true);
    }),
  );
});

test("a text cut for JSON is the longest end that fits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 2, max: 80 }), (text, bytesMax) => {
      const cut = tailForJson(text, bytesMax);
      expect(text.endsWith(cut)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(cut))).toBeLessThanOrEqual(bytesMax);
      if (cut === text) return;
      const before = Array.from(text.slice(0, text.length - cut.length)).at(-1) ?? "";
      expect(Buffer.byteLength(JSON.stringify(before + cut))).toBeGreaterThan(bytesMax);
    }),
  );
});

test("the end of a text does not begin within a pair", () => {
  expect(tailChars("ab😀", 1)).toBe("");
  expect(tailChars("ab😀", 2)).toBe("😀");
  expect(tailChars("ab", 5)).toBe("ab");
  expect(tailChars("", 5)).toBe("");
});
