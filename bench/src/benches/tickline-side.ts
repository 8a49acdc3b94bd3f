import type { Side } from "../bench.ts";
import { measure } from "../process/measured-process.ts";
import type { BenchOptions } from "../options.ts";
import { withTempFolder } from "../process/temp-folder.ts";

/** Tickline in one fresh process on an empty data folder: SQLite with `synchronous=FULL`, as `npm start` has it. */
export const ticklineSide = <Result>(side: string, plan: object, options: Pick<BenchOptions, "profileDir">): Side<Result> => ({
  name: "Tickline, one process",
  measure: () => withTempFolder((dataDir) => measure<Result>(side, { ...plan, dataDir }, options)),
});
