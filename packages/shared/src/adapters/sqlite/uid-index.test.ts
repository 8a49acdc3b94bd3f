import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createUidIndex } from "./uid-index.ts";

const uids = fc.uniqueArray(
  fc.oneof(
    fc.uuid(),
    fc.string(),
    fc.uuid().map((uid) => uid.toUpperCase()),
  ),
  { minLength: 1, maxLength: 200 },
);

test("each uid is found under its key, and no other is, whatever its form", () => {
  fc.assert(
    fc.property(uids, uids, (known, others) => {
      const index = createUidIndex();
      for (const [place, uid] of known.entries()) index.put(uid, place + 1);
      for (const [place, uid] of known.entries()) {
        expect(index.find(uid)).toBe(place + 1);
        expect(index.uidOf(place + 1)).toBe(uid);
      }
      for (const uid of others) if (!known.includes(uid)) expect(index.find(uid)).toBe(0);
    }),
  );
});

test("jobs are ordered by uid as text", () => {
  fc.assert(
    fc.property(uids, (known) => {
      const index = createUidIndex();
      for (const [place, uid] of known.entries()) index.put(uid, place + 1);
      const keys = known.map((_, place) => place + 1).sort(index.compare);
      expect(keys.map(index.uidOf)).toEqual(known.toSorted((left, right) => (left < right ? -1 : 1)));
    }),
  );
});

test("a dropped uid is unknown, its neighbours are still found, and its key can be given again", () => {
  fc.assert(
    fc.property(uids, fc.nat(), (known, seed) => {
      const index = createUidIndex();
      for (const [place, uid] of known.entries()) index.put(uid, place + 1);
      const dropped = seed % known.length;
      index.drop(dropped + 1);
      for (const [place, uid] of known.entries()) expect(index.find(uid)).toBe(place === dropped ? 0 : place + 1);
      index.put("another", dropped + 1);
      expect(index.find("another")).toBe(
        known.indexOf("another") === -1 || known[dropped] === "another" ? dropped + 1 : index.find("another"),
      );
    }),
  );
});

test("a hundred thousand uids are found among each other", () => {
  const index = createUidIndex();
  const uidOf = (key: number): string => `0199a1b2-0000-7000-8000-${key.toString(16).padStart(12, "0")}`;
  for (let key = 1; key <= 100_000; key += 1) index.put(uidOf(key), key);
  for (let key = 1; key <= 100_000; key += 997) expect(index.find(uidOf(key))).toBe(key);
  expect(index.find(uidOf(100_001))).toBe(0);
});
