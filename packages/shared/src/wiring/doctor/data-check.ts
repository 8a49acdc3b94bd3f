import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkLoss } from "../../adapters/sqlite/data-folder/check-loss.ts";
import { databaseFaults } from "../../adapters/sqlite/data-folder/database-faults.ts";
import { lockDataFolder } from "../../adapters/sqlite/data-folder/data-folder.ts";
import { AppError } from "../../domain/app-error.ts";
import type { Finding } from "./doctor.ts";

const DATABASE = "tickline.db";
/** Most faults of the file that are named. */
const FAULTS_MAX = 10;

/** Checks a data folder that no process uses: whether all acknowledged data is there, and whether the database is intact. Read-only. */
export function examineData(dir: string): Finding {
  const file = join(resolve(dir), DATABASE);
  const finding = (kind: Finding["kind"], text: string): Finding => ({ variable: "DATA_DIR", kind, text });
  if (!existsSync(file)) return finding("fails", `there is no ${file}: name the data folder with --data`);
  try {
    const lock = lockDataFolder(resolve(dir), DATABASE);
    try {
      const doubts: string[] = [];
      checkLoss(file, { accepted: false, tell: () => undefined, doubt: (why) => void doubts.push(why) });
      const faults = databaseFaults(file, FAULTS_MAX);
      if (faults.length === 0) return finding("ok", [`${file} is whole`, ...doubts].join("\n"));
      return finding("fails", `${file} is damaged: put back a backup\n${faults.join("\n")}`);
    } finally {
      lock.release();
    }
  } catch (fault) {
    return finding("fails", fault instanceof AppError ? fault.message : `${file}: ${String(fault)}: put back a backup`);
  }
}
