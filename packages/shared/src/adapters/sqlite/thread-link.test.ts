import { expect, test } from "@jest/globals";
import { Worker } from "node:worker_threads";
import type { AppError } from "../../domain/app-error.ts";
import { startThread } from "./thread-link.ts";

const data = { file: ":memory:", pagesMax: null };
const unavailable = { code: "store_unavailable", retryable: true };

async function setup() {
  const lost: AppError[] = [];
  const entry = new URL("./failing-thread.test-support.ts", import.meta.url);
  const start = () => new Worker(entry);
  return { lost, thread: await startThread(data, { start, onLost: (fault) => lost.push(fault) }) };
}

test("when the thread fails, every call under way and every later one is refused, and it is told once", async () => {
  const { lost, thread } = await setup();
  const calls = await Promise.allSettled([thread.cold("ping", undefined), thread.cold("watermark", undefined)]);
  for (const call of calls) expect(call).toMatchObject({ status: "rejected", reason: unavailable });
  await expect(thread.cold("ping", undefined)).rejects.toMatchObject(unavailable);
  expect(lost).toMatchObject([unavailable]);
  expect(lost[0]?.cause).toMatchObject({ message: "the disk caught fire" });
  await thread.close();
});

test("a thread that was closed is not lost", async () => {
  const lost: AppError[] = [];
  const thread = await startThread(data, { onLost: (fault) => lost.push(fault) });
  await thread.cold("ping", undefined);
  await thread.close();
  expect(lost).toEqual([]);
  await expect(thread.cold("ping", undefined)).rejects.toMatchObject(unavailable);
});

test("a call that cannot be written down is refused, and those beside it are made", async () => {
  const thread = await startThread(data, { onLost: () => {} });
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const calls = await Promise.allSettled([
    thread.cold("watermark", undefined),
    thread.cold("publishHandlers", circular as never),
    thread.cold("watermark", undefined),
  ]);
  expect(calls.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  await thread.close();
});
