import { expect, test } from "@jest/globals";
import { benchHelp, readOptions } from "./options.ts";

test("without flags every bench runs at the documented sizes", () => {
  expect(readOptions([])).toMatchObject({ only: [], runs: 3, jobs: 50_000, rates: [1_000, 5_000, 10_000], bursts: [10_000, 100_000] });
});
test("sizes, rates and benches are chosen by flags", () => {
  const options = readOptions(["--only", "burst,http", "--rates", "500", "--runs", "1", "--no-peers", "--profile", "/tmp/p"]);
  expect(options).toMatchObject({ only: ["burst", "http"], rates: [500], runs: 1, peers: false, profileDir: "/tmp/p" });
});
test("what is no number, and what is no flag, is refused by name", () => {
  expect(() => readOptions(["--jobs", "many"])).toThrow("--jobs many");
  expect(() => readOptions(["--speed", "1"])).toThrow("--speed");
});
test("help names every flag", () => {
  expect(readOptions(["--help"])).toBeNull();
  expect(benchHelp()).toContain("--old-runs");
});
