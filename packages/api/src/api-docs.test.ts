import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { API_DEFAULTS, type ApiConfig } from "./api-config.ts";
import { IDEMPOTENCY_KEY_LENGTH_MAX } from "./request/idempotency-key.ts";
import { LIMIT_DEFAULT, LIMIT_MAX } from "./lists/list-query.ts";
import { FAULTS_MAX, PROBLEMS } from "./problems/problem.ts";
import { PREVIEW_COUNT_MAX } from "./jobs/preview-schedule.ts";

const readRows = (file: string): readonly string[] =>
  readFileSync(new URL(`../../../docs/${file}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"));
const rows = readRows("api.md");
const cells = (row: string): string[] =>
  row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

test("the guide lists every problem with its status, and no other", () => {
  const said = rows.map(cells).flatMap(([status = "", code = ""]) => (/^\d{3}$/.test(status) ? [[code, Number(status)]] : []));
  expect(Object.fromEntries(said)).toEqual(
    Object.fromEntries(Object.entries(PROBLEMS).map(([code, { status }]) => [`\`${code}\``, status])),
  );
});

test.each([
  ["the guide", rows],
  ["the guide for executors over HTTP", readRows("executors-over-http.md")],
])("the limits in %s are those of the defaults", (_, rowsOfGuide) => {
  const named = rowsOfGuide.map(cells).flatMap(([, value = "", setting = ""]) => {
    const name = /^`(\w+)`$/.exec(setting)?.[1];
    return name !== undefined && name in API_DEFAULTS ? [[name, Number(/[\d,]+/.exec(value)?.[0].replaceAll(",", ""))] as const] : [];
  });
  expect(named.length).toBeGreaterThan(10);
  for (const [name, value] of named) expect([name, value]).toEqual([name, API_DEFAULTS[name as keyof ApiConfig]]);
});

test("and so are those that are no settings", () => {
  const value = (limit: string): string | undefined => rows.map(cells).find(([name]) => name === limit)?.[1];
  expect(value("faults listed in one problem")).toBe(String(FAULTS_MAX));
  expect(value("items of a page")).toBe(`${LIMIT_DEFAULT}, at most ${LIMIT_MAX}`);
  expect(value("instants of one preview")).toBe(`5, at most ${PREVIEW_COUNT_MAX}`);
  expect(value("an `Idempotency-Key`")).toBe(`${IDEMPOTENCY_KEY_LENGTH_MAX} characters`);
});
