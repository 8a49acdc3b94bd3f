import { STATUS_CODES, type RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import { PROBLEM_TYPE } from "./answer.ts";
import { PROBLEMS, problem, showProblem, type Problem } from "../problems/problem.ts";
import { SECURITY_HEADERS } from "./send-answer.ts";

/** What Node says of a request that it cannot read. */
type ReadFault = Error & { readonly code?: string };

export interface UnreadableRequests {
  /** Counts the requests under way on each connection, and hands them on. */
  listen(listener: RequestListener): RequestListener;
  /** For `clientError`: answers with a problem, as any other refusal, and ends the connection. */
  answer(fault: ReadFault, socket: Duplex): void;
}

/**
 * A request whose head is too long, does not come in time or is no HTTP never becomes a request: Node would answer it with a status alone.
 * Where a request before it is still to be answered, nothing may be written ahead of that, and the connection just ends.
 */
export function createUnreadableRequests(): UnreadableRequests {
  const underWay = new WeakMap<Duplex, number>();
  const count = (socket: Duplex, change: 1 | -1): void => void underWay.set(socket, (underWay.get(socket) ?? 0) + change);
  return {
    listen: (listener) => (req, res) => {
      const { socket } = req; // The answer has none when it is closed.
      count(socket, 1);
      res.once("close", () => count(socket, -1));
      listener(req, res);
    },
    answer(fault, socket) {
      const isFree = (underWay.get(socket) ?? 0) === 0;
      if (fault.code === "ECONNRESET" || !socket.writable || !isFree) socket.destroy();
      else socket.end(textOf(problemOf(fault)));
    },
  };
}

function problemOf({ code }: ReadFault): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return problem("headers_too_large", "the request line and the headers are too long");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return problem("request_timeout", "the request did not arrive in time");
  return problem("malformed_request", "what arrived is not an HTTP request");
}

function textOf(refused: Problem): string {
  const { status } = PROBLEMS[refused.code];
  const body = JSON.stringify(showProblem(refused, ""));
  const headers = { ...SECURITY_HEADERS, "Content-Type": PROBLEM_TYPE, "Content-Length": Buffer.byteLength(body), Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`;
}
