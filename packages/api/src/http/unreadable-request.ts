import { STATUS_CODES, type RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import { PROBLEM_TYPE } from "./answer.ts";
import { PROBLEMS, problem, showProblem, type Problem } from "../problems/problem.ts";
import { SECURITY_HEADERS } from "./send-answer.ts";

/** Node's error for a request that it cannot read. */
type ReadFault = Error & { readonly code?: string };

export interface UnreadableRequests {
  /** Counts the requests in progress on each connection, and passes them on. */
  listen(listener: RequestListener): RequestListener;
  /** For `clientError`: answers with a problem, like any other refusal, and ends the connection. */
  answer(fault: ReadFault, socket: Duplex): void;
}

/**
 * Node creates no request if the head is too long, late or not HTTP. It would answer with a status alone. If an earlier request of the
 * connection is not answered yet, nothing may be written before that answer, so the connection is only closed.
 */
export function createUnreadableRequests(): UnreadableRequests {
  const underWay = new WeakMap<Duplex, number>();
  const count = (socket: Duplex, change: 1 | -1): void => void underWay.set(socket, (underWay.get(socket) ?? 0) + change);
  return {
    listen: (listener) => (req, res) => {
      const { socket } = req; // A closed answer has no socket.
      count(socket, 1);
      res.once("close", () => count(socket, -1));
      listener(req, res);
    },
    answer(fault, socket) {
      const isFree = (underWay.get(socket) ?? 0) === 0;
      if (fault.code === "ECONNRESET" || !socket.writable || !isFree) socket.destroy();
      else socket.end(toHttpText(toProblem(fault)));
    },
  };
}

function toProblem({ code }: ReadFault): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return problem("headers_too_large", "the request line and the headers are too long");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return problem("request_timeout", "the request did not arrive in time");
  return problem("malformed_request", "the received bytes are not an HTTP request");
}

function toHttpText(refused: Problem): string {
  const { status } = PROBLEMS[refused.code];
  const body = JSON.stringify(showProblem(refused, ""));
  const headers = { ...SECURITY_HEADERS, "Content-Type": PROBLEM_TYPE, "Content-Length": Buffer.byteLength(body), Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`;
}
