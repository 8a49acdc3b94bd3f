import { Redis } from "ioredis";
import type { Logger } from "../../runtime/log/logger.ts";

export interface RedisClientOptions {
  /** `redis://user:password@host:6379/0`; `rediss://` with TLS, trusting the CAs Node trusts (`NODE_EXTRA_CA_CERTS` adds one). */
  readonly url: string;
  readonly log: Logger;
  /** How long an answer may take. */
  readonly answerMs: number;
}

const RECONNECT_MS_FIRST = 50;
const RECONNECT_MS_MAX = 1_000;

/**
 * A client that fails at once while it is not connected: a command given meanwhile is never sent later, when no caller
 * waits for it any more. It reconnects by itself. Resolves after the first try, successful or not.
 */
export async function openRedisClient({ url, log, answerMs }: RedisClientOptions): Promise<Redis> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: answerMs,
    commandTimeout: answerMs,
    disconnectTimeout: answerMs,
    // A server that hangs leaves its connections open: long enough for a release after a lost answer, then a new one.
    socketTimeout: 3 * answerMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(RECONNECT_MS_FIRST * times, RECONNECT_MS_MAX),
  });
  let away = false;
  client.on("error", (fault: Error) => {
    if (!away) log.warn({ err: fault }, "the lock server does not answer");
    away = true;
  });
  client.on("ready", () => {
    if (away) log.info({}, "the lock server answers again");
    away = false;
  });
  await client.connect().catch(() => undefined); // The event above reports it; the client goes on trying.
  return client;
}
