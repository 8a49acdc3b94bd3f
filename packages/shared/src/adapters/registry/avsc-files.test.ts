import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { AVSC_FOLDER, avscFiles } from "./avsc-files.ts";

test("the .avsc files say what the event types say: `npm run avsc --workspace packages/shared` writes them anew", () => {
  const written = readdirSync(AVSC_FOLDER).map((name) => [name, JSON.parse(readFileSync(new URL(name, AVSC_FOLDER), "utf8"))]);
  const made = [...avscFiles()].map(([name, text]) => [name, JSON.parse(text)]);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(made));
});
