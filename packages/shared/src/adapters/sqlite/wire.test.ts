import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  atEnd,
  beginSection,
  dropSection,
  endSection,
  packetReader,
  packetWriter,
  putJson,
  putNullable,
  putNumber,
  putText,
  sealPacket,
  skipTo,
  takeJson,
  takeNullable,
  takeNumber,
  takeSection,
  takeTextOrNull,
} from "./wire.ts";

const sections = fc.array(
  fc.record({
    number: fc.double({ noNaN: true }),
    nullable: fc.option(fc.maxSafeInteger(), { nil: null }),
    text: fc.option(fc.string({ unit: "binary" }), { nil: null }),
    value: fc.jsonValue(),
  }),
);

test("what is put is what is taken, section by section, also where one is not read to its end", () => {
  fc.assert(
    fc.property(sections, (all) => {
      const writer = packetWriter();
      for (const [place, { number, nullable, text, value }] of all.entries()) {
        const section = beginSection(writer, place, -place);
        putNumber(writer, number);
        putNullable(writer, nullable);
        putText(writer, text);
        putJson(writer, value);
        endSection(writer, section);
      }
      const reader = packetReader(sealPacket(writer));
      for (const [place, { number, nullable, text, value }] of all.entries()) {
        const head = takeSection(reader);
        expect([head.first, head.second]).toEqual([place, -place]);
        if (place % 3 !== 2) {
          expect([takeNumber(reader), takeNullable(reader), takeTextOrNull(reader)]).toEqual([number, nullable, text]);
          expect(JSON.stringify(takeJson(reader))).toBe(JSON.stringify(value));
        }
        skipTo(reader, head);
      }
      expect(atEnd(reader)).toBe(true);
    }),
  );
});

test("a section that is dropped leaves nothing", () => {
  const writer = packetWriter();
  const kept = beginSection(writer, 1, 2);
  putText(writer, "kept");
  endSection(writer, kept);
  const dropped = beginSection(writer, 3, 4);
  putText(writer, "dropped");
  putNumber(writer, 5);
  dropSection(writer, dropped);
  const reader = packetReader(sealPacket(writer));
  const head = takeSection(reader);
  expect([head.first, takeTextOrNull(reader), atEnd(reader)]).toEqual([1, "kept", true]);
});
