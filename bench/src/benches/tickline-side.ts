import type { Side } from "../bench.ts";
import { measure } from "../measured-process.ts";
import type { BenchOptions } from "../options.ts";
import { withTempFolder } from "../temp-folder.ts";

type TicklineSideOptions = Pick<BenchOptions, "store" | "profileDir">;

/** Tickline in one fresh process on an empty data folder: SQLite with `synchronous=FULL`, as `npm start` has it. */
export const ticklineSide = <Result>(side: string, plan: object, options: TicklineSideOptions): Side<Result> => ({
  name: options.store === "sqlite" ? "Tickline, one process" : "Tickline, store in memory",
  measure: () => withTempFolder((dataDir) => measure<Result>(side, { ...plan, dataDir, store: options.store }, options)),
});
