import { expect, test } from "@jest/globals";
import type { IHeaders } from "kafkajs";
import Decoder from "kafkajs/src/protocol/decoder.js";
import decodeRecord from "kafkajs/src/protocol/recordBatch/record/v0/decoder.js";
import encodeRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import { containHeaders } from "./message-headers.ts";

containHeaders();

function read(headers: IHeaders): IHeaders {
  const { buffer } = encodeRecord({ key: null, value: null, headers });
  return decodeRecord(new Decoder(new Decoder(buffer).readVarIntBytes()), { firstOffset: "0", firstTimestamp: "0" }).headers ?? {};
}

test("headers are read as they were written, those of one name together", () => {
  const headers = read({ one: Buffer.from("1"), many: [Buffer.from("2"), Buffer.from("3"), Buffer.from("4")], empty: Buffer.alloc(0) });
  expect({ ...headers }).toEqual({
    one: Buffer.from("1"),
    many: [Buffer.from("2"), Buffer.from("3"), Buffer.from("4")],
    empty: Buffer.alloc(0),
  });
});

test.each(["constructor", "toString", "__proto__"])("a header named %s has its own value alone", (name) => {
  const headers = read(Object.fromEntries([[name, Buffer.from("x")]]));
  expect(Object.entries(headers)).toEqual([[name, Buffer.from("x")]]);
});

/** It takes some 10 ms of the processor here; without the mend 20,000 names take 97 s. */
test("a message with thousands of headers does not hold the event loop", () => {
  const names = Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`name-${index}`, "x"]));
  const before = process.cpuUsage();
  expect(Object.keys(read(names))).toHaveLength(4_000);
  expect(Object.values(read({ same: Array.from({ length: 20_000 }, () => "x") }))[0]).toHaveLength(20_000);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
});
