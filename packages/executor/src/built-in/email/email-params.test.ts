import { expect, test } from "@jest/globals";
import { EmailParamsSchema } from "./email-params.ts";

const message = { to: "ada@example.com", subject: "Hello", text: "Text" };

test.each([
  ["a header in an address", { to: "a@b.c\r\nBcc: x@y.z" }, ["to"]],
  ["two addresses in one", { to: "a@b.c, x@y.z" }, ["to"]],
  ["no address", { to: "Ada" }, ["to"]],
  ["a header in the subject", { subject: "Hi\nBcc: x@y.z" }, ["subject"]],
  ["no recipient", { to: [] }, ["to"]],
  [
    "too many recipients",
    { to: Array.from({ length: 60 }, (_, n) => `a${n}@b.c`), cc: Array.from({ length: 60 }, (_, n) => `c${n}@b.c`) },
    ["to"],
  ],
  ["neither text nor html", { text: null }, ["text"]],
  ["a folder in the name of an attachment", { attachments: [{ filename: "../x", content: "" }] }, ["attachments", 0, "filename"]],
])("%s", (_, change, path) => {
  const parsed = EmailParamsSchema.safeParse({ ...message, ...change });
  expect(parsed.error?.issues[0]?.path).toEqual(path);
});

test("the least message", () => {
  expect(EmailParamsSchema.safeParse(message).success).toBe(true);
});
