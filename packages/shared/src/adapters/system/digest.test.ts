import { expect, test } from "@jest/globals";
import { sha256 } from "./digest.ts";

test.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["grüße", "8285d1ad84c6b6e475d3b50dbf90389c8c7a07a278d9ae46d5698cbe872e3834"],
])("the digest of %j is its SHA-256 in hex", (text, hex) => {
  expect(sha256(text)).toBe(hex);
});
