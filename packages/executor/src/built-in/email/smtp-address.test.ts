import { expect, test } from "@jest/globals";
import { readSmtpUrl, showServer, SmtpUrlSchema } from "./smtp-address.ts";

const plain = { secure: false, requireTLS: false, auth: null };

test.each([
  ["smtp://mail.example.com", { ...plain, host: "mail.example.com", port: 587 }],
  ["smtp://localhost:2525", { ...plain, host: "localhost", port: 2525 }],
  ["smtps://mail.example.com", { ...plain, host: "mail.example.com", port: 465, secure: true }],
  ["smtp://[::1]:25", { ...plain, host: "::1", port: 25 }],
  ["smtp://u:p@mail.example.com", { host: "mail.example.com", port: 587, secure: false, requireTLS: true, auth: { user: "u", pass: "p" } }],
  ["smtp://u:p@localhost", { ...plain, host: "localhost", port: 587, auth: { user: "u", pass: "p" } }],
  ["smtp://u:p@mail.internal?tls=optional", { ...plain, host: "mail.internal", port: 587, auth: { user: "u", pass: "p" } }],
  ["smtp://mail.internal?tls=required", { ...plain, host: "mail.internal", port: 587, requireTLS: true }],
  ["smtp://a%40b:p%3Aq@h", { host: "h", port: 587, secure: false, requireTLS: true, auth: { user: "a@b", pass: "p:q" } }],
])("%s", (url, address) => {
  expect(readSmtpUrl(url)).toEqual(address);
});

test.each(["mail.example.com", "http://mail.example.com", "smtp://", "smtp:mail", "smtp://h?tls=perhaps", "smtp://%zz@h"])(
  "%s is refused",
  (url) => {
    expect(SmtpUrlSchema.safeParse(url).success).toBe(false);
  },
);

test("a server is shown without the login", () => {
  expect(showServer(readSmtpUrl("smtp://u:secret@[::1]:25"))).toBe("[::1]:25");
});
