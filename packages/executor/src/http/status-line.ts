import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";

/** The status of an answer by its first bytes, whatever else is in them; null: it is not to be seen. Answers of information (1xx) are passed over. */
export function statusOf(head: string): number | null {
  for (let rest = head; ;) {
    const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?=[ \r\n])/.exec(rest)?.[1];
    if (status === undefined) return null;
    if (!status.startsWith("1") || status === "101") return Number(status);
    const end = /\r?\n\r?\n/.exec(rest);
    if (end === null) return null;
    rest = rest.slice(end.index + end[0].length);
  }
}

/** As many bytes are kept of each answer, until its head has been read: answers of information, and the status line. */
const KEPT_BYTES_MAX = 16_384;

/** Listens to the bytes of the answer to a request until Node has read its head. The function returned says what status they have. */
export function watchStatusLine(request: ClientRequest): () => number | null {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.once("socket", (socket: Socket) => {
    const keep = (chunk: Buffer): void => {
      if (bytes >= KEPT_BYTES_MAX) return;
      chunks.push(chunk);
      bytes += chunk.length;
    };
    const forget = (): void => void socket.off("data", keep);
    socket.prependListener("data", keep); // Before Node's own, whose fault is to find the bytes here.
    request.once("response", forget).once("close", forget);
  });
  return () => statusOf(Buffer.concat(chunks).toString("latin1"));
}
