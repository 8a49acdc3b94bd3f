import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { computeSpread } from "./statistics.ts";
import { withTempFolder } from "../process/temp-folder.ts";
import { showSpread } from "./text-table.ts";

const COMMITS = 200;
const COMMIT_BYTES = 4_096;

/** What a durable write costs here: the time of one appended page and its fdatasync, in milliseconds, one value a commit. */
function commitCostsMs(folder: string): number[] {
  const file = openSync(path.join(folder, "commits"), "w");
  const page = Buffer.alloc(COMMIT_BYTES, 1);
  try {
    return Array.from({ length: COMMITS }, () => {
      const start = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - start;
    });
  } finally {
    closeSync(file);
  }
}

/** The line that every table needs beside it: figures of another machine are other figures. */
export const machineLine = (): Promise<string> =>
  withTempFolder((folder) => {
    const [cpu] = os.cpus();
    const commit = showSpread(computeSpread(commitCostsMs(folder)), 2);
    const memory = `${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`;
    return Promise.resolve(
      `${os.cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), ${memory}, ${os.type()} ${os.release()}, Node ${process.versions.node}; ` +
        `one durable commit (4 KiB append + fdatasync in ${os.tmpdir()}): ${commit} ms`,
    );
  });
