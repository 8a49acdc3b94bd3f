import type { Bench } from "../bench.ts";
import { openServers, serversFault } from "../servers/fleet/bench-servers.ts";
import { measureRawLimits, type RawLimits } from "../servers/raw-limits.ts";
import { callTable, cpuTable } from "../servers/usage/usage-tables.ts";
import { measureBurst, type BurstResult } from "../servers/throughput.ts";
import { computeSpread } from "../report/statistics.ts";
import { showNumber, showSpread, textTable } from "../report/text-table.ts";

/** Of one run without retries: its insertion; changes of it (published, claimed, settled, announced), and of its job (fired, made, announced). */
const WRITES = { inserts: 1, updates: 7 };
const CALLS_SHOWN = 12;

interface Round {
  readonly burst: BurstResult;
  readonly raw: RawLimits;
}

export const serversThroughput: Bench = {
  name: "servers-throughput",
  title: "No-op runs a second over Kafka, MongoDB and Redis, from due to completed, beside the servers' own limits",
  missing: () => serversFault(process.env),
  async run({ serversJobs: jobs, concurrency, runs, profileDir }, progress) {
    const rounds: Round[] = [];
    let origin = "";
    for (let round = 0; round < runs; round += 1) {
      const servers = await openServers(process.env);
      origin = servers.origin;
      try {
        const burst = await measureBurst(servers, { jobs, concurrency, profileDir }, progress);
        rounds.push({ burst, raw: await measureRawLimits(servers, jobs) });
        progress(`run ${round + 1} of ${runs}: ${JSON.stringify(rounds.at(-1))}`);
      } finally {
        await servers.stop();
      }
    }
    const last = rounds.at(-1);
    if (last === undefined) throw new Error("no runs: nothing was measured");
    return [
      `${showNumber(jobs)} jobs due at once, one api, one scheduler, one executor with ${concurrency} handlers at once, ${origin}; ` +
        `batches of 500, messages of ${last.raw.messageBytes} bytes; min / median / max of ${runs} runs.`,
      "",
      textTable(["", "a second"], rateRows(rounds, jobs)),
      "",
      "Where the time of the last run went:",
      "",
      cpuTable(last.burst.cpu, last.burst.runs),
      "",
      callTable(last.burst.storeCalls.slice(0, CALLS_SHOWN), "call of the store"),
      "",
      callTable(last.burst.publishes, "publish to"),
    ].join("\n");
  },
};

function rateRows(rounds: readonly Round[], jobs: number): string[][] {
  const row = (name: string, of: (round: Round) => number): string[] => [name, showSpread(computeSpread(rounds.map(of)))];
  const raw = (name: string, key: keyof RawLimits): string[] => row(name, (round) => round.raw[key]);
  const complete = rounds.every(({ burst }) => burst.runs === jobs);
  return [
    row(`runs, due to completed${complete ? "" : " (NOT ALL RAN)"}`, ({ burst }) => (burst.runs / burst.tookMs) * 1_000),
    row("runs, due to shown by `GET /jobs/:id`", ({ burst }) => (burst.runs / burst.projectedMs) * 1_000),
    raw("broker alone: messages produced, one request in flight", "producedPerSecond"),
    raw("broker alone: messages consumed", "consumedPerSecond"),
    raw("store alone: rows of runs inserted, with our indexes", "insertedPerSecond"),
    raw("store alone: rows of runs inserted, without", "insertedBarePerSecond"),
    raw("store alone: rows of runs updated, with our indexes", "updatedPerSecond"),
    raw("store alone: rows of runs updated, without", "updatedBarePerSecond"),
    row("store alone: one insert and seven updates, as a run needs", ({ raw: limits }) => {
      return 1 / (WRITES.inserts / limits.insertedPerSecond + WRITES.updates / limits.updatedPerSecond);
    }),
  ];
}
