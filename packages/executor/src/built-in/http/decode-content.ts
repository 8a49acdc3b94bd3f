import { pipeline, Readable, type Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type ZlibOptions,
} from "node:zlib";

/** So many encodings, one over the other, are decoded; a body with more is kept as it came. */
const ENCODINGS_MAX = 3;
/** So many bytes are given to one decoder: far more than the kept part of a body needs. */
const ENCODED_BYTES_MAX = 1_048_576;

/** Of a body that was cut off, what came is decoded. */
const LENIENT: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH };
/** 8 MiB, the most that RFC 9659 lets a sender ask for. */
const ZSTD_WINDOW_LOG_MAX = 23;

type CreateDecoder = (first: Uint8Array) => Transform;

const DECODERS: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ["gzip", () => createGunzip(LENIENT)],
  ["x-gzip", () => createGunzip(LENIENT)],
  // Many servers send it without the header of zlib, in which these four bits are 8.
  ["deflate", (first) => (((first[0] ?? 0) & 0x0f) === 8 ? createInflate(LENIENT) : createInflateRaw(LENIENT))],
  ["br", () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })],
  [
    "zstd",
    () =>
      createZstdDecompress({
        finishFlush: constants.ZSTD_e_flush,
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
      }),
  ],
]);

/** The bytes of a body are not what its `Content-Encoding` says. */
export class ContentFault extends Error {
  override readonly name = "ContentFault";
}

export interface DecodedContent {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What a person who reads the body must know; null: nothing. */
  readonly note: string | null;
}

/** Removes the content encodings of a body. It is decoded as it is read: what is not read is not decoded. Reading throws `ContentFault`. */
export function decodeContent(body: AsyncIterable<Uint8Array>, contentEncoding: string): DecodedContent {
  if (contentEncoding === "") return { bytes: body, note: null };
  const encodings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== "" && encoding !== "identity");
  const decoders = encodings.toReversed().map((encoding) => [encoding, DECODERS.get(encoding)] as const);
  const unknown = decoders.find(([, create]) => create === undefined)?.[0];
  if (unknown !== undefined)
    return { bytes: body, note: `the content encoding ${quoted(unknown)} is not known: the body is kept as it came` };
  if (decoders.length > ENCODINGS_MAX) {
    return { bytes: body, note: `there are more than ${ENCODINGS_MAX} content encodings: the body is kept as it came` };
  }
  let bytes = body;
  for (const [encoding, create] of decoders) if (create !== undefined) bytes = decode(bytes, { encoding, create });
  return { bytes, note: null };
}

interface Decoding {
  readonly encoding: string;
  readonly create: CreateDecoder;
}

async function* decode(source: AsyncIterable<Uint8Array>, { encoding, create }: Decoding): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let sourceFault: unknown = null;
  let read = 0;
  async function* fed(first: Uint8Array): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = first; ;) {
        yield chunk;
        read += chunk.length;
        const next = await chunks.next();
        if (next.done === true) return;
        if (read > ENCODED_BYTES_MAX) throw new ContentFault(`more than ${ENCODED_BYTES_MAX} bytes of ${encoding} make less than is kept`);
        chunk = next.value;
      }
    } catch (fault) {
      sourceFault = fault;
      throw fault;
    }
  }
  try {
    const first = await chunks.next();
    if (first.done === true) return; // The answer to HEAD names an encoding and has no body.
    yield* pipeline(Readable.from(fed(first.value)), create(first.value), () => undefined) as AsyncIterable<Uint8Array>;
  } catch (fault) {
    if (sourceFault !== null) throw sourceFault;
    throw new ContentFault(`the body is not ${encoding}: ${fault instanceof Error ? fault.message : String(fault)}`, { cause: fault });
  } finally {
    await chunks.return?.();
  }
}

const quoted = (encoding: string): string => JSON.stringify(encoding.slice(0, 40));
