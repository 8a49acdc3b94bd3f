import { expect, test } from "@jest/globals";
import { showSpread, textTable } from "./text-table.ts";

test("a table is Markdown, its figures to the right", () => {
  expect(
    textTable(
      ["side", "runs/s"],
      [
        ["Tickline", "40,000"],
        ["a peer", "9"],
      ],
    ),
  ).toBe(["| side     | runs/s |", "| -------- | -----: |", "| Tickline | 40,000 |", "| a peer   |      9 |"].join("\n"));
});

test("a spread is min / median / max", () => {
  expect(showSpread({ min: 999.4, median: 1_000, max: 12_345.6 })).toBe("999 / 1,000 / 12,346");
  expect(showSpread({ min: 0.25, median: 1, max: 2 }, 1)).toBe("0.3 / 1.0 / 2.0");
});
