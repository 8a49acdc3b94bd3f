import { setTimeout as sleep } from "node:timers/promises";
import { alternate, type Bench, type Side } from "../bench.ts";
import { measure } from "../process/measured-process.ts";
import { startProduct, writeNoopHandler, type ProductFolders } from "../process/product-process.ts";
import { computeSpread } from "../report/statistics.ts";
import { withTempFolder } from "../process/temp-folder.ts";
import { showNumber, showSpread, textTable } from "../report/text-table.ts";

/** How long a started process is left alone before its memory is read: start-up has caches and sweeps of its own. */
const SETTLE_MS = 10_000;
const MEGABYTE = 1_000_000;

interface FootprintResult {
  readonly startMs: number;
  readonly residentBytes: number;
}

async function startAndSettle(folders: ProductFolders): Promise<FootprintResult> {
  const product = await startProduct(folders);
  try {
    await sleep(SETTLE_MS);
    return { startMs: product.startMs, residentBytes: await product.residentBytes() };
  } finally {
    await product.stop();
  }
}

export const footprint: Bench = {
  name: "footprint",
  title: "Start-up until listening, and memory",
  run: ({ schedules, oldRuns, runs, profileDir }, progress) =>
    withTempFolder(async (folder) => {
      const handlersDir = `${folder}/handlers`;
      await writeNoopHandler(handlersDir);
      const side = (name: string, dataDir: string): Side<FootprintResult> => ({
        name,
        measure: () => startAndSettle({ dataDir, handlersDir }),
      });
      const prepared = async (name: string, plan: { readonly schedules: number; readonly oldRuns: number }) => {
        const dataDir = `${folder}/${plan.schedules}-${plan.oldRuns}`;
        await measure("tickline-prepare", { ...plan, dataDir }, { profileDir });
        return side(name, dataDir);
      };
      const withSchedules = `${showNumber(schedules)} active schedules`;
      const sides = [side("empty", `${folder}/empty`), await prepared(withSchedules, { schedules, oldRuns: 0 })];
      if (oldRuns > 0) sides.push(await prepared(`${withSchedules}, ${showNumber(oldRuns)} finished runs`, { schedules, oldRuns }));
      const results = await alternate(sides, { runs, progress });
      const idle = computeSpread(results[0]?.results.map(({ residentBytes }) => residentBytes) ?? []).median;
      const rows = results.map(({ name, results: figures }) => {
        const resident = figures.map(({ residentBytes }) => residentBytes);
        return [
          name,
          showSpread(computeSpread(figures.map(({ startMs }) => startMs))),
          showSpread(computeSpread(resident.map((bytes) => bytes / MEGABYTE))),
          showSpread(computeSpread(resident.map((bytes) => (bytes - idle) / MEGABYTE))),
        ];
      });
      return [
        `${showNumber(schedules)} schedules are daily, spread over all minutes of the day. The process of \`npm start\`, less npm; memory is resident size ${SETTLE_MS / 1_000} s after the start; min / median / max of ${runs} runs.`,
        "",
        textTable(["data folder", "start-up ms", "memory MB", "over the empty one, MB"], rows),
      ].join("\n");
    }),
};
