import { createHmac } from "node:crypto";

export interface SignedRequest {
  readonly key: Buffer;
  /** The same on all attempts, so that a receiver recognises a repeated message. */
  readonly id: string;
  readonly atMs: number;
  readonly body: string;
}

/** The headers of Standard Webhooks, signature v1. */
export function signRequest({ key, id, atMs, body }: SignedRequest): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
