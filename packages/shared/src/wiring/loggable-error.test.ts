import { expect, test } from "@jest/globals";
import { Writable } from "node:stream";
import { runInNewContext } from "node:vm";
import { pino } from "pino";
import { AppError } from "../domain/app-error.ts";
import { loggableError } from "./loggable-error.ts";

/** As the log of a process writes it. */
function written(thrown: unknown): { readonly message: string; readonly stack: string; readonly code?: string } {
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  pino({ base: null }, stream).error({ err: loggableError(thrown) }, "said");
  return JSON.parse(text).err;
}

const unreadable = Object.defineProperty(new Error("unreadable"), "message", {
  get() {
    throw new Error("no");
  },
});
const circular: { self?: unknown } = {};
circular.self = circular;

test.each<[string, unknown, string]>([
  ["an error", new Error("boom"), "boom"],
  ["an error of another realm", runInNewContext("new TypeError('far')"), "far"],
  ["a frozen error", Object.freeze(new Error("frozen")), "frozen"],
  ["nothing", undefined, "a value that is no error was thrown: undefined"],
  ["null", null, "a value that is no error was thrown: null"],
  ["text", "text", "a value that is no error was thrown: 'text'"],
  ["an object", { answer: 42 }, "a value that is no error was thrown: { answer: 42 }"],
  ["an object that holds itself", circular, "a value that is no error was thrown: <ref *1> { self: [Circular *1] }"],
  ["an error that cannot be read", unreadable, "something was thrown that cannot be read"],
  [
    "a proxy that refuses everything",
    new Proxy(
      {},
      new Proxy(
        {},
        {
          get: () => () => {
            throw new Error("no");
          },
        },
      ),
    ),
    "",
  ],
])("%s that was thrown can be written to the log", (_, thrown, message) => {
  expect(written(thrown).message).toContain(message);
});

test("stack, code and cause are kept; other properties, which may be secret, are not", () => {
  const cause = new Error("the cause");
  const error = Object.assign(new AppError("bus_unavailable", "gone", { cause }), { headers: { authorization: "secret" } });
  const said = written(error);
  expect(said).toMatchObject({ code: "bus_unavailable", message: "gone: the cause" });
  expect(said.stack).toContain("loggable-error.test");
  expect(JSON.stringify(said)).not.toContain("secret");
});
