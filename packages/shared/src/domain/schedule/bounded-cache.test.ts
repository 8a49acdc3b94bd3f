import { expect, test } from "@jest/globals";
import { boundedCache } from "./bounded-cache.ts";

test("a cache never holds more than twice its size", () => {
  const cache = boundedCache<number, number>(10);
  for (let i = 0; i < 1_000; i++) cache.set(i, i);
  const held = Array.from({ length: 1_000 }, (_, i) => cache.get(i)).filter((value) => value !== undefined);
  expect(held.length).toBeLessThanOrEqual(20);
});

test("what is asked for again and again stays", () => {
  const cache = boundedCache<number, string>(10);
  cache.set(-1, "kept");
  for (let i = 0; i < 1_000; i++) {
    cache.set(i, "passing");
    expect(cache.get(-1)).toBe("kept");
  }
});

test("setting a known key again pushes nothing out", () => {
  const cache = boundedCache<string, number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  for (let i = 0; i < 10; i++) cache.set("b", i);
  expect(cache.get("a")).toBe(1);
  expect(cache.get("b")).toBe(9);
});
