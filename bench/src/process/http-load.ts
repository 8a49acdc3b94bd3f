import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";

export interface HttpLoad {
  readonly url: string;
  readonly method: "GET" | "POST";
  /** Sent as JSON; null: none. */
  readonly body: string | null;
  readonly connections: number;
  readonly seconds: number;
}

export interface HttpFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface AutocannonReport {
  readonly requests: { readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
}

const OUTPUT_BYTES_MAX = 16 * 2 ** 20;

/** Autocannon in a process of its own. Any answer but a good one fails the bench: errors are quick, and flatter. */
export async function httpLoad({ url, method, body, connections, seconds }: HttpLoad): Promise<HttpFigures> {
  const autocannon = createRequire(import.meta.url).resolve("autocannon");
  const args = ["--json", "--no-progress", "--connections", String(connections), "--duration", String(seconds), "--method", method];
  if (body !== null) args.push("--headers", "content-type=application/json", "--body", body);
  const { stdout } = await promisify(execFile)(process.execPath, [autocannon, ...args, url], { maxBuffer: OUTPUT_BYTES_MAX });
  const report = JSON.parse(stdout) as AutocannonReport;
  if (report.non2xx > 0 || report.errors > 0) throw new Error(`${method} ${url}: ${report.non2xx} bad answers, ${report.errors} errors`);
  return { requestsPerSecond: report.requests.average, p50Ms: report.latency.p50, p99Ms: report.latency.p99 };
}
