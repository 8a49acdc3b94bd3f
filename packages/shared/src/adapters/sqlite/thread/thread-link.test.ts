import { afterAll, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { AppError } from "../../../domain/app-error.ts";
import { startThread } from "./thread-link.ts";

const dir = mkdtempSync(join(tmpdir(), "tickline-thread-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const data = { file: join(dir, "store.db"), pagesMax: null };
const unavailable = { code: "store_unavailable", retryable: true };

async function setup() {
  const lost: AppError[] = [];
  const entry = new URL("./failing-thread.test-support.ts", import.meta.url);
  const start = () => new Worker(entry);
  return { lost, thread: await startThread(data, { start, onLost: (fault) => lost.push(fault) }) };
}

test("when the thread fails, every call under way and every later one is refused, and the loss is reported once", async () => {
  const { lost, thread } = await setup();
  const calls = await Promise.allSettled([thread.call("health", "ping"), thread.call("status", "watermark")]);
  for (const call of calls) expect(call).toMatchObject({ status: "rejected", reason: unavailable });
  await expect(thread.call("health", "ping")).rejects.toMatchObject(unavailable);
  expect(lost).toMatchObject([unavailable]);
  expect(lost[0]?.cause).toMatchObject({ message: "the disk caught fire" });
  await thread.close();
});

test("a thread that was closed is not lost", async () => {
  const lost: AppError[] = [];
  const thread = await startThread(data, { onLost: (fault) => lost.push(fault) });
  await thread.call("health", "ping");
  await thread.close();
  expect(lost).toEqual([]);
  await expect(thread.call("health", "ping")).rejects.toMatchObject(unavailable);
});

test("a call that cannot be sent is refused, and those beside it are made", async () => {
  const thread = await startThread(data, { onLost: () => {} });
  const unsendable = [() => undefined];
  const calls = await Promise.allSettled([
    thread.call("status", "watermark"),
    thread.call("handlers", "publish", unsendable as never),
    thread.call("status", "watermark"),
  ]);
  expect(calls.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  await thread.close();
});
