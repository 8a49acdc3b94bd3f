import { showNumber, textTable } from "../../report/text-table.ts";
import type { CallFigures, Share } from "./usage.ts";

/** CPU of servers and services for each run, and as a share of the whole. */
export function cpuTable(shares: readonly Share[], runs: number): string {
  const total = shares.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  const row = ({ name, cpuSeconds }: Share): string[] => [
    name,
    showNumber(cpuSeconds, 1),
    showNumber((cpuSeconds / runs) * 1e6),
    `${showNumber((cpuSeconds / total) * 100)}%`,
  ];
  return textTable(["", "CPU s", "CPU µs a run", "of all"], [...shares.map(row), row({ name: "all", cpuSeconds: total })]);
}

/** How often the services asked, and how long an answer took: mostly waiting, and in parallel. */
export const callTable = (calls: readonly CallFigures[], title: string): string =>
  textTable(
    [title, "calls", "mean ms", "s in sum"],
    calls.map(({ call, count, seconds }) => [
      `\`${call}\``,
      showNumber(count),
      showNumber((seconds / count) * 1_000, 1),
      showNumber(seconds, 1),
    ]),
  );
