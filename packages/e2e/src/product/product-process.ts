import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface ProductOptions {
  readonly dataDir: string;
  /** Beside `--data` and `--port`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default 0: a free one. */
  readonly port?: number;
}

/** One process of the product, started as `npm start` starts it: no wrapper, so that a signal meets the product itself. */
export interface ProductProcess {
  readonly pid: number;
  readonly spawnedAt: number;
  /** Resolves with the address it printed; rejects with what it said when it ends without one. */
  readonly url: Promise<string>;
  /** Resolves with exit code and signal. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly running: boolean;
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** `kill -9`; resolves when the process is no more. */
  kill(): Promise<void>;
}

export const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = fileURLToPath(new URL("../../../standalone/src/main.ts", import.meta.url));

/** How long a process may take to say where it listens before a test gives up on it. */
const UP_MS_MAX = 30_000;

/** Settings of the machine that runs the tests must not be settings of the product. */
const { PORT: _port, HOST: _host, ...ENVIRONMENT } = process.env;

export function startProduct({ dataDir, args = [], env = {}, port = 0 }: ProductOptions): ProductProcess {
  const spawnedAt = Date.now();
  const child = spawn(process.execPath, ["--conditions=@tickline/source", MAIN, "--data", dataDir, "--port", String(port), ...args], {
    cwd: REPOSITORY,
    env: { ...ENVIRONMENT, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const exited = once(child, "exit").then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
  const url = waitForAddress(child, { stdout, stderr });
  url.catch(() => {}); // Code that awaits it receives the fault; a test of an exit does not await it.
  return {
    pid: child.pid ?? 0,
    spawnedAt,
    url,
    exited,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    stdout,
    stderr,
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => void (text += chunk));
  return () => text;
}

function waitForAddress(child: ChildProcess, { stdout, stderr }: { stdout: () => string; stderr: () => string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`the product ${what}:\n${stdout()}${stderr()}`));
    const timer = setTimeout(() => fail(`did not come up within ${UP_MS_MAX} ms`), UP_MS_MAX);
    child.stdout?.on("data", () => {
      const url = /^\s*API\s+(http:\/\/\S+)$/m.exec(stdout())?.[1];
      if (url !== undefined) {
        clearTimeout(timer);
        resolve(url);
      }
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? signal} before it was up`);
    });
  });
}
