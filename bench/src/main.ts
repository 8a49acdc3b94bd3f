import type { Bench } from "./bench.ts";
import { besideFleet } from "./benches/beside-fleet.ts";
import { burst } from "./benches/burst.ts";
import { computeBesideSchedule } from "./benches/compute-beside-schedule.ts";
import { footprint } from "./benches/footprint.ts";
import { history } from "./benches/history.ts";
import { http } from "./benches/http.ts";
import { lateness } from "./benches/lateness.ts";
import { serversLateness } from "./benches/servers-lateness.ts";
import { serversSoak } from "./benches/servers-soak.ts";
import { serversThroughput } from "./benches/servers-throughput.ts";
import { throughput } from "./benches/throughput.ts";
import { machineLine } from "./report/machine.ts";
import { benchHelp, readOptions } from "./options.ts";

const BENCHES: readonly Bench[] = [
  throughput,
  lateness,
  burst,
  http,
  footprint,
  history,
  besideFleet,
  computeBesideSchedule,
  serversThroughput,
  serversLateness,
  serversSoak,
];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) return console.log(benchHelp());
  const unknown = options.only.filter((name) => BENCHES.every((bench) => bench.name !== name));
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(", ")}`);
  console.log(`Machine: ${await machineLine()}\n`);
  for (const bench of BENCHES) {
    if (options.only.length > 0 && !options.only.includes(bench.name)) continue;
    const missing = (await bench.missing?.()) ?? null;
    if (missing !== null && options.only.length > 0) throw new Error(`${bench.name}: ${missing}`);
    if (missing !== null) {
      console.error(`  ${bench.name} is left out: ${missing}`);
      continue;
    }
    // Results go to standard output, the rest to standard error: the tables can be kept with a redirect.
    const tables = await bench.run(options, (line) => console.error(`  ${bench.name}: ${line}`));
    console.log(`## ${bench.title}\n\n${tables}\n`);
  }
}

await main();
