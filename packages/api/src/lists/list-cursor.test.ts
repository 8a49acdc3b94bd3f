import { expect, test } from "@jest/globals";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import fc from "fast-check";
import { listIdentity, openCursor, sealCursor } from "./list-cursor.ts";

const list = listIdentity("/jobs", { state: "active", tag: ["a"], limit: 5, cursor: "x", q: undefined });

test("a cursor opens to what was sealed", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (cursor) => {
      expect(openCursor(sha256, list, sealCursor(sha256, list, cursor))).toEqual({ kind: "parsed", value: cursor });
    }),
  );
});

test("limit, cursor and include are no part of the list; path and filters are", () => {
  expect(listIdentity("/jobs", { state: "active", tag: ["a"], limit: 7, include: ["params"] })).toBe(list);
  expect(listIdentity("/runs", { state: "active", tag: ["a"] })).not.toBe(list);
  expect(listIdentity("/jobs", { state: "paused", tag: ["a"] })).not.toBe(list);
  expect(listIdentity("/jobs", { state: "active", tag: ["a", "b"] })).not.toBe(list);
});

test("a cursor of another list, or with any letter changed, does not open", () => {
  const sealed = sealCursor(sha256, list, "1767614400000.uid-1");
  expect(openCursor(sha256, listIdentity("/jobs", {}), sealed).kind).toBe("faults");
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = `${sealed.slice(0, index)}${sealed[index] === "A" ? "B" : "A"}${sealed.slice(index + 1)}`;
    expect([index, openCursor(sha256, list, changed).kind]).toEqual([index, "faults"]);
  }
});

test("nothing a client makes up opens, or throws", () => {
  fc.assert(fc.property(fc.string(), (text) => expect(openCursor(sha256, list, text).kind).toBe("faults")));
  for (const text of ["", "=", `${sealCursor(sha256, list, "a")}=`, ` ${sealCursor(sha256, list, "a")}`, "A".repeat(2_000)]) {
    expect(openCursor(sha256, list, text).kind).toBe("faults");
  }
});
