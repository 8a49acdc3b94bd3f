import type { IncomingMessage } from "node:http";
import { USER_AGENT_LENGTH_MAX, type Client } from "@tickline/shared/domain/cancel";

/** Who sent a request, as far as it is known without a login. */
export function clientOfRequest({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): Client {
  const address = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, "") ?? null;
  return { address, userAgent: headers["user-agent"]?.slice(0, USER_AGENT_LENGTH_MAX) ?? null };
}
