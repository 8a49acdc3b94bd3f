import { alternate, type Bench, type Side } from "../bench.ts";
import { httpLoad, type HttpFigures, type HttpLoad } from "../process/http-load.ts";
import { JOB_BODY, takeSamples, type HttpSamples } from "../plan/http-samples.ts";
import { serve, type ProcessOptions } from "../process/measured-process.ts";
import { computeSpread } from "../report/statistics.ts";
import { withTempFolder } from "../process/temp-folder.ts";
import { showNumber, showSpread, textTable } from "../report/text-table.ts";

/** Jobs in the store when requests come. */
const JOBS = 1_000;

type Route = Pick<HttpLoad, "method" | "body"> & { readonly name: string; readonly path: (jobId: string) => string };

const ROUTES: readonly Route[] = [
  { name: "POST /jobs", method: "POST", body: JOB_BODY, path: () => "/jobs" },
  { name: "GET /jobs/:id", method: "GET", body: null, path: (jobId) => `/jobs/${jobId}` },
  { name: "GET /jobs?limit=50", method: "GET", body: null, path: () => "/jobs?limit=50" },
];

type Load = Pick<HttpLoad, "connections" | "seconds">;

/** A fresh server, and autocannon in another process against one route of it. */
async function loadTickline(route: Route, load: Load, options: ProcessOptions): Promise<HttpFigures> {
  return withTempFolder(async (dataDir) => {
    const server = await serve<{ url: string }>("tickline-server", { dataDir }, options);
    try {
      const { jobId } = await takeSamples(server.ready.url, JOBS);
      return await httpLoad({ ...route, ...load, url: server.ready.url + route.path(jobId) });
    } finally {
      await server.stop();
    }
  });
}

/** Answers to be serialised by the bare handler: those of a store with as many jobs. */
async function sampleAnswers(): Promise<HttpSamples> {
  return withTempFolder(async (dataDir) => {
    const server = await serve<{ url: string }>("tickline-server", { dataDir }, { profileDir: null });
    try {
      return await takeSamples(server.ready.url, JOBS);
    } finally {
      await server.stop();
    }
  });
}

async function loadBare(route: Route, load: Load, samples: HttpSamples): Promise<HttpFigures> {
  const server = await serve<{ url: string }>("bare-koa", samples, { profileDir: null });
  try {
    return await httpLoad({ ...route, ...load, url: server.ready.url + route.path("any") });
  } finally {
    await server.stop();
  }
}

export const http: Bench = {
  name: "http",
  title: "Create and read requests a second, next to a bare Koa handler that serialises the same JSON",
  async run({ httpSeconds, connections, runs, profileDir }, progress) {
    const load = { connections, seconds: httpSeconds };
    const samples = await sampleAnswers();
    const rows: string[][] = [];
    for (const route of ROUTES) {
      const sides: Side<HttpFigures>[] = [
        { name: `${route.name}, Tickline`, measure: () => loadTickline(route, load, { profileDir }) },
        { name: `${route.name}, bare Koa`, measure: () => loadBare(route, load, samples) },
      ];
      const results = await alternate(sides, { runs, progress });
      const perSecond = results.map(({ results: figures }) => computeSpread(figures.map(({ requestsPerSecond }) => requestsPerSecond)));
      const limit = perSecond[1]?.median ?? Number.NaN;
      results.forEach(({ name, results: figures }, index) => {
        const spread = perSecond[index] ?? computeSpread([]);
        const p99 = computeSpread(figures.map(({ p99Ms }) => p99Ms));
        rows.push([name, showSpread(spread), `${showNumber((spread.median / limit) * 100)}%`, showSpread(p99, 1)]);
      });
    }
    return [
      `${connections} connections, ${httpSeconds} s each, ${showNumber(JOBS)} jobs in the store; autocannon shares the machine; ` +
        `min / median / max of ${runs} runs.`,
      "",
      textTable(["route and side", "requests/s", "of the bare handler", "p99 ms"], rows),
    ].join("\n");
  },
};
