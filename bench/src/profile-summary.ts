import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { showNumber, textTable } from "./report/text-table.ts";

const FUNCTIONS_SHOWN = 30;
const IDLE = "(idle)";

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Self time by function in the last `lastMs` of the profile, in milliseconds, most first. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, lastMs: number): readonly (readonly [string, number])[] {
  let restMs = timeDeltas.reduce((sum, delta) => sum + delta, 0) / 1_000;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, frameName(callFrame)]));
  const selfMs = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? "?";
    const tookMs = (timeDeltas[index] ?? 0) / 1_000;
    if (restMs <= lastMs) selfMs.set(name, (selfMs.get(name) ?? 0) + tookMs);
    restMs -= tookMs;
  });
  return [...selfMs].sort(([, left], [, right]) => right - left);
}

function frameName({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const place = url === "" ? "" : ` ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${place}`;
}

function summarise(file: string, lastMs: number): string {
  const times = selfTimes(JSON.parse(readFileSync(file, "utf8")) as CpuProfile, lastMs);
  const busy = times.filter(([name]) => name !== IDLE);
  const busyMs = busy.reduce((sum, [, ms]) => sum + ms, 0);
  const rows = busy.slice(0, FUNCTIONS_SHOWN).map(([name, ms]) => [name, showNumber(ms), `${showNumber((ms / busyMs) * 100, 1)}%`]);
  return `${path.basename(file)}: ${showNumber(busyMs)} ms busy\n\n${textTable(["function", "self ms", "of busy"], rows)}\n`;
}

// A folder, and how much of the end of each profile counts: making jobs comes before the measurement and is not it.
const [folder = ".", lastMs = "Infinity"] = process.argv.slice(2);
for (const file of readdirSync(folder).filter((name) => name.endsWith(".cpuprofile")))
  console.log(summarise(path.join(folder, file), Number(lastMs)));
