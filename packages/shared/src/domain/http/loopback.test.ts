import { expect, test } from "@jest/globals";
import { isLoopback } from "./loopback.ts";

test.each([
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["127.0.0.1.example", false],
])("%s is loopback: %p", (address, loopback) => expect(isLoopback(address)).toBe(loopback));
