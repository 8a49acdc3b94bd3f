import { expect, test } from "@jest/globals";
import { readStatus } from "./connections.ts";

test.each<[string, number | null]>([
  ["HTTP/1.1 200 OK\r\nX", 200],
  ["HTTP/1.0 404\r\n", 404],
  ["HTTP/1.1 503 \n", 503],
  ["HTTP/1.1 101 Switching Protocols\r\n", 101],
  ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n", 201],
  ["HTTP/1.1 100 Continue\r\n\r\n", null],
  ["HTTP/1.1 100 Continue\r\nX: HTTP/1.1 200 OK\r\n", null],
  ["HTTP/1.1 20", null],
  ["HTTP/1.1 200", null],
  ["HTTP/1.1 600 X\r\n", null],
  ["HTTP/2 200 OK\r\n", null],
  ["SSH-2.0-OpenSSH", null],
  ["", null],
])("the status of %j is %s", (head, expected) => {
  expect(readStatus(head)).toBe(expected);
});
