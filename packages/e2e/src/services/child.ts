import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Endings } from "../product/endings.ts";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Beside `PATH` and the like: the settings of the user who runs the tests are not among them. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Child {
  readonly pid: number;
  /** Resolves with what the pattern finds in standard output; rejects with all it said when it ends without. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code; null: a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** For as long as a loaded machine may take to start a process, and that to say something. */
const SAID_MS_MAX = 90_000;
const INHERITED = ["PATH", "HOME", "TMPDIR", "LANG"];

/** A process that ends with its test, at the latest. */
export function startChild(endings: Endings, { command, args, cwd, env }: ChildOptions): Child {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.includes(name)));
  const child = spawn(command, args, { cwd, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  const closed = once(child, "close").then(([code]) => code as number | null); // Not "exit": all it said is read by then.
  endings.add(async () => {
    child.kill("SIGKILL");
    await closed;
  });

  async function said(pattern: RegExp): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(SAID_MS_MAX);
    const ended = closed.then(() => "ended" as const);
    for (let last: string | null = null; ;) {
      const found = pattern.exec(stdout);
      if (found !== null) return found;
      if (last === "ended" || late.aborted) throw new Error(`${args.join(" ")} did not say ${pattern}:\n${stdout}${stderr}`);
      last = await Promise.race([
        ended,
        once(child.stdout, "data", { signal: late }).then(
          () => "more",
          () => "late",
        ),
      ]);
    }
  }
  return { pid: child.pid ?? 0, said, stdout: () => stdout, stderr: () => stderr, signal: (name) => void child.kill(name), exited: closed };
}
