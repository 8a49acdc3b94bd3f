import type { Readable } from "node:stream";

export interface ReadBody {
  readonly text: string;
  /** There was more than was kept. */
  readonly truncated: boolean;
}

/**
 * Reads a body up to `bytesMax` and leaves the rest: an answer that never ends costs its first part. Text in the
 * encoding that the content type names, or UTF-8.
 */
export async function readBody(
  body: Readable,
  { bytesMax, contentType }: { readonly bytesMax: number; readonly contentType: string },
): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) break; // Ends the iteration, which destroys the stream and with it the connection.
  }
  const kept = Buffer.concat(chunks).subarray(0, bytesMax);
  return { text: decoded(kept, { contentType, cut: bytes > bytesMax }), truncated: bytes > bytesMax };
}

function decoded(bytes: Uint8Array, { contentType, cut }: { readonly contentType: string; readonly cut: boolean }): string {
  const encoding = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  const options = { stream: cut }; // As a stream, the decoder leaves out a character that was cut in the middle.
  try {
    return new TextDecoder(encoding).decode(bytes, options);
  } catch {
    return new TextDecoder().decode(bytes, options); // An encoding nobody knows: as good as none named.
  }
}
