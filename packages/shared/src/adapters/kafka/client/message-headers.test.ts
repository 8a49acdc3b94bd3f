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

/** The library reads them into an object with a prototype, which it copies for each header: 20,000 take it 97 s. */
test("thousands of headers are collected in one pass, into an object without a prototype", () => {
  const names = read(Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`name-${index}`, "x"])));
  expect(Object.keys(names)).toHaveLength(4_000);
  expect(Object.getPrototypeOf(names)).toBeNull();
  expect(read({ same: Array.from({ length: 20_000 }, () => "x") })["same"]).toHaveLength(20_000);
});
