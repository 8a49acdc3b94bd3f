import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** Writes down, past every service, that it was called: one line `runId attempt scheduledFor startedAt` in a file of its process. */
const RECORD = `import { openSync, writeSync } from "node:fs";
import { defineHandler } from "tickline";
import { z } from "zod";

const folder = process.env.BENCH_EFFECTS_DIR;
const file = folder ? openSync(folder + "/" + process.pid, "a") : null;

export default defineHandler({
  type: "record",
  params: z.looseObject({}),
  run({ runId, attempt, scheduledFor }) {
    const startedAt = performance.timeOrigin + performance.now();
    if (file !== null) writeSync(file, runId + " " + attempt + " " + scheduledFor.getTime() + " " + startedAt + "\\n");
    return null;
  },
});
`;

export async function writeRecordHandler(handlersDir: string): Promise<void> {
  await mkdir(handlersDir, { recursive: true });
  await writeFile(path.join(handlersDir, "record.mjs"), RECORD);
}

/** One call of a handler, as the handler itself wrote it down. */
export interface Effect {
  readonly runId: string;
  readonly attempt: number;
  readonly scheduledFor: number;
  readonly startedAt: number;
}

export async function readEffects(effectsDir: string): Promise<readonly Effect[]> {
  const files = await Promise.all((await readdir(effectsDir)).map((name) => readFile(path.join(effectsDir, name), "utf8")));
  const lines = files.flatMap((text) => text.split("\n").filter(Boolean));
  return lines.map((line) => {
    const [runId = "", attempt, scheduledFor, startedAt] = line.split(" ");
    return { runId, attempt: Number(attempt), scheduledFor: Number(scheduledFor), startedAt: Number(startedAt) };
  });
}
