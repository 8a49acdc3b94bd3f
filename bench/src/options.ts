import { parseArgs } from "node:util";

/** What a bench run is asked for. Every figure has its flag, so that a short run is possible. */
export interface BenchOptions {
  /** Names of benches to run; empty: all. */
  readonly only: readonly string[];
  readonly runs: number;
  readonly peers: boolean;
  /** Handlers that may run at once, on every side. */
  readonly concurrency: number;
  /** Throughput: no-op jobs due at once. */
  readonly jobs: number;
  /** Lateness: active schedules, how many of them fire in a second, and for how many seconds. */
  readonly schedules: number;
  readonly rates: readonly number[];
  readonly seconds: number;
  /** Burst: schedules due at one instant. */
  readonly bursts: readonly number[];
  /** HTTP: seconds of load for each route and side, and open connections. */
  readonly httpSeconds: number;
  readonly connections: number;
  /** Footprint: active schedules, and finished runs of earlier days beside them. */
  readonly oldRuns: number;
  /** History: finished runs of one job; and of the job of which one run stays open. */
  readonly historyRuns: number;
  readonly openRunHistory: number;
  /** Beside a fleet: fires a second of the fleet. */
  readonly besideRate: number;
  /** Over servers: no-op jobs due at once; fires a second, and for how many seconds. */
  readonly serversJobs: number;
  readonly serversRates: readonly number[];
  readonly serversSeconds: number;
  /** Soak: jobs, how many seconds lie between two fires of one, and for how many minutes. */
  readonly soakJobs: number;
  readonly soakEvery: number;
  readonly soakMinutes: number;
  readonly profileDir: string | null;
}

interface Flag {
  readonly fallback: string;
  readonly meaning: string;
}

const FLAGS = {
  only: {
    fallback: "",
    meaning:
      "benches to run, by commas: throughput, lateness, burst, http, footprint, history, compute-beside-schedule, beside-fleet, servers-throughput, servers-lateness, servers-soak; all if empty",
  },
  runs: { fallback: "3", meaning: "runs of each side, in alternating order" },
  concurrency: { fallback: "200", meaning: "handlers that may run at once, on every side" },
  jobs: { fallback: "50000", meaning: "throughput: no-op jobs due at once" },
  schedules: { fallback: "100000", meaning: "lateness and footprint: active schedules" },
  rates: { fallback: "1000,5000,10000", meaning: "lateness: fires a second" },
  seconds: { fallback: "20", meaning: "lateness: how long each rate is held" },
  bursts: { fallback: "10000,100000", meaning: "burst: schedules due at one instant" },
  "http-seconds": { fallback: "8", meaning: "http: load of each route and side" },
  connections: { fallback: "32", meaning: "http: open connections" },
  "old-runs": { fallback: "1000000", meaning: "footprint: finished runs in the history; 0 leaves that part out" },
  "history-runs": { fallback: "1000000", meaning: "history: finished runs of one job; 0 leaves that part out" },
  "open-run-history": { fallback: "80000", meaning: "history: runs of a job of which one stays open; 0 leaves that part out" },
  "beside-rate": { fallback: "50", meaning: "beside-fleet: fires a second of the fleet" },
  "servers-jobs": { fallback: "10000", meaning: "servers-throughput: no-op jobs due at once" },
  "servers-rates": { fallback: "50,200", meaning: "servers-lateness: fires a second" },
  "servers-seconds": { fallback: "60", meaning: "servers-lateness: how long each rate is held" },
  "soak-jobs": { fallback: "5000", meaning: "servers-soak: recurring jobs" },
  "soak-every": { fallback: "60", meaning: "servers-soak: seconds between two fires of one job" },
  "soak-minutes": { fallback: "10", meaning: "servers-soak: how long" },
  profile: { fallback: "", meaning: "folder for CPU profiles of Tickline's processes; they are slower under it" },
} satisfies Record<string, Flag>;

export const benchHelp = (): string =>
  [
    "npm run bench -- [options]",
    "",
    ...Object.entries(FLAGS).map(
      ([flag, { fallback, meaning }]) => `  --${flag.padEnd(16)} ${meaning}${fallback === "" ? "" : ` (${fallback})`}`,
    ),
    `  --${"no-peers".padEnd(16)} Tickline and the bare handler alone`,
  ].join("\n");

/** Null: help was asked for. Throws on what is no flag or no number. */
export function readOptions(argv: readonly string[]): BenchOptions | null {
  const flags = Object.fromEntries(
    Object.entries(FLAGS).map(([flag, { fallback }]) => [flag, { type: "string", default: fallback } as const]),
  );
  const { values } = parseArgs({
    args: [...argv],
    options: { ...flags, help: { type: "boolean", default: false }, "no-peers": { type: "boolean", default: false } },
  });
  if (values["help"] === true) return null;
  const text = (flag: keyof typeof FLAGS): string => String((values as Record<string, unknown>)[flag]);
  const whole = (flag: keyof typeof FLAGS): number => wholeNumber(flag, text(flag));
  const list = (flag: keyof typeof FLAGS): string[] => text(flag).split(",").filter(Boolean);
  return {
    only: list("only"),
    runs: whole("runs"),
    peers: values["no-peers"] !== true,
    concurrency: whole("concurrency"),
    jobs: whole("jobs"),
    schedules: whole("schedules"),
    rates: list("rates").map((rate) => wholeNumber("rates", rate)),
    seconds: whole("seconds"),
    bursts: list("bursts").map((burst) => wholeNumber("bursts", burst)),
    httpSeconds: whole("http-seconds"),
    connections: whole("connections"),
    oldRuns: whole("old-runs"),
    historyRuns: whole("history-runs"),
    openRunHistory: whole("open-run-history"),
    besideRate: whole("beside-rate"),
    serversJobs: whole("servers-jobs"),
    serversRates: list("servers-rates").map((rate) => wholeNumber("servers-rates", rate)),
    serversSeconds: whole("servers-seconds"),
    soakJobs: whole("soak-jobs"),
    soakEvery: whole("soak-every"),
    soakMinutes: whole("soak-minutes"),
    profileDir: text("profile") || null,
  };
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${flag} ${text}: a whole number is needed`);
  return Number(text);
}
