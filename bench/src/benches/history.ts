import { alternate, type Bench, type Side } from "../bench.ts";
import {
  CALL_MS_MAX,
  historyRows,
  openRunRows,
  type HistoryFolder,
  type HistoryPlan,
  type HistoryResult,
  type OpenRunPlan,
  type OpenRunResult,
} from "../plan/history-plan.ts";
import { measure, type ProcessOptions } from "../process/measured-process.ts";
import type { BenchOptions } from "../options.ts";
import { withTempFolder } from "../process/temp-folder.ts";
import { showNumber, textTable } from "../report/text-table.ts";

/** The history beside which the long one is measured. */
const FEW_RUNS = 1_000;

export const history: Bench = {
  name: "history",
  title: "A job of every second with a long history: what calls of the store take",
  async run(options, progress) {
    const tables: string[] = [];
    if (options.historyRuns > 0) tables.push(await ratioTable(options, progress));
    if (options.openRunHistory > 0) tables.push(await openRunTable(options, progress));
    return tables.join("\n\n");
  },
};

type Table = (options: BenchOptions, progress: (line: string) => void) => Promise<string>;

const ratioTable: Table = ({ historyRuns, runs, profileDir }, progress) =>
  withTempFolder(async (folder) => {
    const prepare = async (dataDir: string, count: number): Promise<HistoryFolder> => {
      const made: HistoryFolder = { dataDir, runs: count };
      await measure("history-prepare", made, { profileDir: null });
      return made;
    };
    const many = await prepare(`${folder}/many`, historyRuns);
    progress(`${showNumber(historyRuns)} runs are made`);
    let fresh = 0;
    const side: Side<HistoryResult> = {
      name: "both stores",
      async measure() {
        const few = await prepare(`${folder}/few-${(fresh += 1)}`, FEW_RUNS);
        return measure<HistoryResult>("tickline-history", { few, many } satisfies HistoryPlan, { profileDir });
      },
    };
    const [results] = await alternate([side], { runs, progress });
    return [
      `One job of every second in the store of \`npm start\`; both stores are called in turn, one call at a time, each write with its sync; ` +
        `median µs of many calls, min / median / max of ${runs} runs.`,
      "",
      textTable(
        ["call", `${showNumber(FEW_RUNS)} runs, µs`, `${showNumber(historyRuns)} runs, µs`, "ratio"],
        historyRows(results?.results ?? []),
      ),
    ].join("\n");
  });

const openRunTable: Table = async ({ openRunHistory, runs, profileDir }, progress) => {
  const [results] = await alternate([openRunSide(openRunHistory, { profileDir })], { runs, progress });
  return [
    `Retention forgets a job of ${showNumber(openRunHistory)} runs, of which the first is open until half of the others are forgotten, ` +
      `then ends and is forgotten too; longest call of ${runs} runs.`,
    "",
    textTable(["call", "calls", "longest, ms", `within ${CALL_MS_MAX} ms`], openRunRows(results?.results ?? [])),
  ].join("\n");
};

const openRunSide = (runs: number, options: ProcessOptions): Side<OpenRunResult> => ({
  name: "one open run",
  measure: () => withTempFolder((dataDir) => measure<OpenRunResult>("open-run", { dataDir, runs } satisfies OpenRunPlan, options)),
});
