import type { Side } from "../bench.ts";
import { measure, type ProcessOptions } from "../measured-process.ts";
import { withTempFolder } from "../temp-folder.ts";

/** Tickline in one fresh process on an empty data folder: SQLite with `synchronous=FULL`, as `npm start` has it. */
export const ticklineSide = <Result>(side: string, plan: object, options: ProcessOptions): Side<Result> => ({
  name: "Tickline, one process",
  measure: () => withTempFolder((dataDir) => measure<Result>(side, { ...plan, dataDir }, options)),
});
