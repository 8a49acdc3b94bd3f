import type { Readable } from "node:stream";
import { ContentFault, decodeContent } from "./decode-content.ts";

export interface ReadBody {
  readonly text: string;
  /** There was more than is kept. */
  readonly truncated: boolean;
  /** Why the text differs from the body of the target, for another reason than its length; null: it does not. */
  readonly note: string | null;
}

export interface BodyToRead {
  readonly body: Readable;
  /** Most bytes that are kept, counted after decoding. */
  readonly bytesMax: number;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Why the client could not read a part of the answer, so far; null: it could. */
  readonly unreadable: () => Error | null;
}

/**
 * Reads a body up to `bytesMax` and leaves the rest, so an answer that never ends, or unpacks to gigabytes, costs no more than what is kept. The text
 * has the encoding that the content type names, or UTF-8. Rejects when the connection is cut off, but not when the bytes came and cannot be read.
 */
export async function readBody({ body, bytesMax, contentType, contentEncoding, unreadable }: BodyToRead): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let note: string | null = null;
  const content = contentEncoding === "" ? null : decodeContent(body as AsyncIterable<Uint8Array>, contentEncoding);
  try {
    if (content === null) await takeChunks(body, { chunks, bytesMax });
    else await takeDecoded(content.bytes, { chunks, bytesMax });
  } catch (thrown) {
    const fault = unreadable();
    if (fault === null && !(thrown instanceof ContentFault)) throw thrown;
    note = fault === null ? (thrown as ContentFault).message : unreadableNote(fault);
  } finally {
    if (!body.readableEnded) body.destroy();
  }
  const [first, second] = chunks;
  const bytes = first !== undefined && second === undefined ? first : Buffer.concat(chunks);
  const truncated = bytes.length > bytesMax || note !== null;
  return { text: decodeText(bytes.subarray(0, bytesMax), { contentType, cut: truncated }), truncated, note: note ?? content?.note ?? null };
}

interface Taking {
  readonly chunks: Uint8Array[];
  /** The first chunk that ends after it is the last. */
  readonly bytesMax: number;
}

/** By the events of the stream: an iterator costs 10 us for each answer. */
function takeChunks(body: Readable, { chunks, bytesMax }: Taking): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let bytes = 0;
  body.on("data", (chunk: Uint8Array) => {
    if (bytes > bytesMax) return;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) resolve();
  });
  body.once("end", resolve).once("error", reject);
  body.once("close", () => {
    if (!body.readableEnded) reject(new Error("the connection was closed before the end of the answer"));
  });
  return promise;
}

async function takeDecoded(decodedBytes: AsyncIterable<Uint8Array>, { chunks, bytesMax }: Taking): Promise<void> {
  let bytes = 0;
  for await (const chunk of decodedBytes) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) break; // The end of the iteration destroys the stream, and with it the connection.
  }
}

export const unreadableNote = ({ message }: Error): string => `the rest of the answer could not be read: ${message}`;

const UTF_8 = new TextDecoder();

function decodeText(bytes: Uint8Array, { contentType, cut }: { readonly contentType: string; readonly cut: boolean }): string {
  const encoding = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  if (!cut && /^utf-?8$/i.test(encoding)) return UTF_8.decode(bytes);
  const options = { stream: cut }; // As a stream, the decoder omits a character that was cut in the middle.
  try {
    return new TextDecoder(encoding).decode(bytes, options);
  } catch {
    return new TextDecoder().decode(bytes, options); // An unknown encoding counts as none.
  }
}
