import { expect, test } from "@jest/globals";
import { systemEntropy } from "./entropy.ts";

const many = <Value>(make: () => Value): Value[] => Array.from({ length: 1_000 }, make);

test("ids are UUIDs of version 7, all different, and begin with the time", () => {
  const before = Date.now();
  const ids = many(() => systemEntropy.newId());
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const timeMs = Number.parseInt((ids[0] ?? "").replace("-", "").slice(0, 12), 16);
  expect(timeMs - before).toBeGreaterThanOrEqual(0);
  expect(timeMs - before).toBeLessThan(5_000);
});

test("tokens are 22 characters, all different", () => {
  const tokens = many(() => systemEntropy.newToken());
  expect(new Set(tokens).size).toBe(1_000);
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

test("random numbers are in [0, 1) and spread over it", () => {
  const numbers = many(() => systemEntropy.random());
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(numbers.reduce((sum, number) => sum + number, 0) / 1_000).toBeCloseTo(0.5, 0);
});
