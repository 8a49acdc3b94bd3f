import { expect, test } from "@jest/globals";
import { answeredWithin } from "./statements.ts";

test("an answer in time is passed on, and so is a fault", async () => {
  expect(await answeredWithin("find runs", Promise.resolve(1), 1_000)).toBe(1);
  const fault = new Error("refused");
  await expect(answeredWithin("find runs", Promise.reject(fault), 1_000)).rejects.toBe(fault);
});

test("a statement that is never answered fails as an unavailable store, to be retried", async () => {
  const never = new Promise<never>(() => undefined);
  await expect(answeredWithin("update runs", never, 1)).rejects.toMatchObject({
    code: "store_unavailable",
    retryable: true,
    message: "update runs: no answer within 1 ms",
  });
});
