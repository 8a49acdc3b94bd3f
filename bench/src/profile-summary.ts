import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { showNumber, textTable } from "./text-table.ts";

const FUNCTIONS_SHOWN = 30;

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Self time by function, in milliseconds, most first. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly (readonly [string, number])[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const selfMs = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? "?";
    selfMs.set(name, (selfMs.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
  });
  return [...selfMs].sort(([, left], [, right]) => right - left);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const place = url === "" ? "" : ` ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${place}`;
}

function summarise(file: string): string {
  const times = selfTimes(JSON.parse(readFileSync(file, "utf8")) as CpuProfile);
  const busyMs = times.filter(([name]) => name !== "(idle)").reduce((sum, [, ms]) => sum + ms, 0);
  const rows = times.slice(0, FUNCTIONS_SHOWN).map(([name, ms]) => [name, showNumber(ms), `${showNumber((ms / busyMs) * 100, 1)}%`]);
  return `${path.basename(file)}: ${showNumber(busyMs)} ms busy\n\n${textTable(["function", "self ms", "of busy"], rows)}\n`;
}

const folder = process.argv[2] ?? ".";
for (const file of readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"))) console.log(summarise(path.join(folder, file)));
