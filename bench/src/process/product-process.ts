import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { listening } from "./listening.ts";

const MAIN = path.resolve(import.meta.dirname, "../../../packages/standalone/src/main.ts");

/** The product as `npm start` runs it, less npm. */
export interface ProductProcess {
  /** From starting the process until it says where it listens. */
  readonly startMs: number;
  readonly url: string;
  /** Memory the process occupies now, in bytes. Linux only. */
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface ProductFolders {
  readonly dataDir: string;
  readonly handlersDir: string;
}

/** A handler that does nothing, as a user would bring it. */
export async function writeNoopHandler(handlersDir: string): Promise<void> {
  await mkdir(handlersDir, { recursive: true });
  const source = `import { defineHandler } from "tickline";
import { z } from "zod";
export default defineHandler({ type: "noop", params: z.looseObject({}), run: () => null });
`;
  await writeFile(path.join(handlersDir, "noop.mjs"), source);
}

export async function startProduct({ dataDir, handlersDir }: ProductFolders): Promise<ProductProcess> {
  const start = performance.now();
  const args = ["--conditions=@tickline/source", MAIN, "--port", "0", "--data", dataDir, "--handlers", handlersDir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const url = await listening(child, "the product");
  const startMs = performance.now() - start;
  return {
    startMs,
    url,
    async residentBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
