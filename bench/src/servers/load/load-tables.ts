import { computeSpread, type Lateness } from "../../report/statistics.ts";
import { showNumber, showSpread, textTable } from "../../report/text-table.ts";
import type { Verdict } from "./judge.ts";
import type { LoadResult, Worked } from "./shared-load.ts";

/** Three kinds of lateness, over several runs of one load. */
export function latenessTable(results: readonly LoadResult[]): string {
  const row = (name: string, of: (result: LoadResult) => Lateness | null): string[] => {
    const found = results.flatMap((result) => of(result) ?? []);
    if (found.length === 0) return [name, "none", "", ""];
    const figure = (pick: (lateness: Lateness) => number): string => showSpread(computeSpread(found.map(pick)), 1);
    return [name, figure(({ p50Ms }) => p50Ms), figure(({ p99Ms }) => p99Ms), figure(({ maxMs }) => maxMs)];
  };
  return textTable(
    ["", "p50 ms", "p99 ms", "max ms"],
    [
      row("fire after the instant due", ({ fired }) => fired),
      row("start of the handler after the instant due", ({ started }) => started),
      row("end of a run until `GET /jobs/:id` shows it (samples)", ({ projection }) => projection),
    ],
  );
}

/** Who did how much, beside an even share. */
export function shareTable(shares: readonly Worked[]): string {
  const rows = shares.map(({ name, of, count }) => {
    const total = shares.reduce((sum, other) => sum + (other.of === of ? other.count : 0), 0);
    const peers = shares.filter((other) => other.of === of).length;
    return [name, `${showNumber(count)} ${of}`, `${showNumber((count / total) * 100, 1)}%`, `${showNumber(100 / peers, 1)}%`];
  });
  return textTable(["process", "did", "its share", "an even one"], rows);
}

/** What was owed and what became of it, in one sentence. */
export function verdictLine({ verdict, replayed, claimsRefused, firesRefused }: LoadResult): string {
  const wrong = listFaults(verdict);
  return (
    `${showNumber(verdict.owed)} instants owed, ${showNumber(verdict.succeeded)} runs succeeded; ` +
    `${wrong === "" ? "none lost, none doubled, none with two effects" : `**${wrong}**`}. ` +
    `${showNumber(replayed)} messages said twice, ${showNumber(claimsRefused)} claims refused, ${showNumber(firesRefused)} fires refused.`
  );
}

function listFaults(verdict: Verdict): string {
  const wrong = Object.entries(verdict).filter(([name, count]) => name !== "owed" && name !== "succeeded" && count > 0);
  return wrong.map(([name, count]) => `${name} ${showNumber(count)}`).join(", ");
}
