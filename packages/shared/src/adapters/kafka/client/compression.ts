import { promisify } from "node:util";
import { gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";
import kafkajs from "kafkajs"; // Node finds not all names of this package.
import { decompressLz4 } from "./lz4.ts";
import { decompressSnappy } from "./snappy.ts";

/** Largest batch once it is decompressed. What a topic takes is counted compressed, and a megabyte of it may become a gigabyte. */
const BATCH_BYTES_MAX = 134_217_728;

const within = { maxOutputLength: BATCH_BYTES_MAX };
const onlyRead = (): never => {
  throw new Error("Tickline writes no such batches");
};

/**
 * kafkajs 2.2.4 knows gzip alone, and what another client has compressed otherwise ends its consumer for good: one message would end every process
 * that reads its topic, again after each start.
 */
export function registerCompressions(): void {
  const { CompressionCodecs: codecs, CompressionTypes: types } = kafkajs;
  codecs[types.GZIP] = () => ({
    compress: ({ buffer }: { readonly buffer: Buffer }) => promisify(gzip)(buffer),
    decompress: (buffer: Buffer) => promisify(gunzip)(buffer, within),
  });
  codecs[types.ZSTD] = () => ({
    compress: ({ buffer }: { readonly buffer: Buffer }) => promisify(zstdCompress)(buffer),
    decompress: (buffer: Buffer) => promisify(zstdDecompress)(buffer, within),
  });
  codecs[types.Snappy] = () => ({ compress: onlyRead, decompress: async (buffer: Buffer) => decompressSnappy(buffer, BATCH_BYTES_MAX) });
  codecs[types.LZ4] = () => ({ compress: onlyRead, decompress: async (buffer: Buffer) => decompressLz4(buffer, BATCH_BYTES_MAX) });
}
