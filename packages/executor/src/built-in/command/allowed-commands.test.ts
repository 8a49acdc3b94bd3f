import { expect, test } from "@jest/globals";
import { AllowedCommandsSchema, allowsShell } from "./allowed-commands.ts";

test.each([
  [undefined, null],
  ["false", null],
  ["true", "any"], // The option without a value.
  ["any", "any"],
  ["*", "any"],
  ["sh", ["sh"]],
  ["pg_dump, /usr/local/bin/backup.sh", ["pg_dump", "/usr/local/bin/backup.sh"]],
])("%j allows %j", (text, allowed) => {
  expect(AllowedCommandsSchema.parse(text)).toEqual(allowed);
});

test.each([
  ["bin/backup", '"bin/backup" is neither the name of a program nor an absolute path'],
  ["ls,,cat", '"" is neither the name of a program nor an absolute path'],
])("%j is refused", (text, message) => {
  expect(AllowedCommandsSchema.safeParse(text).error?.issues).toMatchObject([{ message }]);
});

test.each([
  ["any" as const, true],
  [["sh"], true],
  [["ls", "/bin/sh"], true],
  [["bash"], false],
  [null, false],
])("%j: lines of the shell are allowed: %j", (allowed, allows) => {
  expect(allowsShell(allowed)).toBe(allows);
});
