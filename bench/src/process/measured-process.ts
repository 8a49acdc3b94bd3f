import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** How one measured process is started. */
export interface ProcessOptions {
  /** Folder for CPU profiles of all its threads; null: none. */
  readonly profileDir: string | null;
}

export interface MeasuredServer<Ready> {
  readonly ready: Ready;
  stop(): Promise<void>;
}

/** Runs `sides/<side>.ts` in a fresh process with nothing else in it, and gives what it reported before it ended. */
export async function measure<Result>(side: string, plan: unknown, options: ProcessOptions): Promise<Result> {
  const child = forkSide(side, plan, options);
  const [report, [code]] = await Promise.all([firstReport<Result>(side, child), once(child, "exit") as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${side} reported, then ended with ${code}`);
  return report;
}

/** Starts a side that serves until it is stopped: its first report says where. */
export async function serve<Ready>(side: string, plan: unknown, options: ProcessOptions): Promise<MeasuredServer<Ready>> {
  const child = forkSide(side, plan, options);
  const ended = once(child, "exit");
  return {
    ready: await firstReport<Ready>(side, child),
    async stop() {
      child.disconnect(); // A side ends when its channel is closed.
      await ended;
    },
  };
}

function forkSide(side: string, plan: unknown, { profileDir }: ProcessOptions): ChildProcess {
  const profile = profileDir === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`, "--cpu-prof-interval=500"];
  const execArgv = ["--conditions=@tickline/source", ...profile];
  return fork(path.join(import.meta.dirname, "../sides", `${side}.ts`), [JSON.stringify(plan)], { execArgv });
}

function firstReport<Report>(side: string, child: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    child.once("message", (report) => resolve(report as Report));
    child.once("exit", (code, signal) => reject(new Error(`${side} ended with ${code ?? signal} and no report`)));
  });
}
