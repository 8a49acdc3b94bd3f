import { expect, test } from "@jest/globals";
import { besideRows, type BesideResult } from "./beside-rows.ts";

const result = (tookMs: number, fleetPerSecond: number): BesideResult => ({ runs: 1_000, tookMs, cpuMs: 1, fleetPerSecond });

test("each side is compared with the first by its median, with what the fleet did meanwhile", () => {
  const rows = besideRows([
    { name: "alone", results: [result(100, 0), result(50, 0), result(40, 0)] },
    { name: "beside", results: [result(100, 50), result(125, 48), result(200, 31)] },
  ]);
  expect(rows).toEqual([
    ["alone", "10,000 / 20,000 / 25,000", "100%", "1,000 / 1,000 / 1,000", "0 / 0 / 0"],
    ["beside", "5,000 / 8,000 / 10,000", "40%", "1,000 / 1,000 / 1,000", "31 / 48 / 50"],
  ]);
});
