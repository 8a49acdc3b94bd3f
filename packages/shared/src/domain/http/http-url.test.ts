import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { httpUrlFault } from "./http-url.ts";

test.each([
  "http://127.0.0.1:8080",
  "HTTPS://example.com",
  "http://[::1]:80/x?y=z#w",
  "http://[::ffff:127.0.0.1]/",
  "https://example.com?query",
  "https://example.com#top",
  "https://example.com:/",
  "https://example.com./",
  "https://münchen.example/ü",
  "http://my_service:3000/",
  "http://localhost",
  "http://h:1/",
  "http://h:65535/",
  "http://h/a:b@c\\d?e=f:99999",
])("%s is a URL", (good) => {
  expect(httpUrlFault(good)).toBeNull();
});

test.each([
  ["http://h:99999/", 'must have a port from 1 to 65535, not "99999"'],
  ["http://h:65536", 'must have a port from 1 to 65535, not "65536"'],
  ["http://h:0/", 'must have a port from 1 to 65535, not "0"'],
  ["http://h:-1/", 'must have a port from 1 to 65535, not "-1"'],
  ["http://h:http/", 'must have a port from 1 to 65535, not "http"'],
  ["http://[::1]:99999/", 'must have a port from 1 to 65535, not "99999"'],
  ["http://::1:80/", "must have an IPv6 address in brackets, such as http://[::1]:80/"],
  ["http://::1/", "must have an IPv6 address in brackets, such as http://[::1]:80/"],
  ["http://localhost:80:80/", 'must have one port behind its host, not "localhost:80:80"'],
  ["http://10.0.0.1:80:81/", 'must have one port behind its host, not "10.0.0.1:80:81"'],
  ["http://https://x/", "must begin with http:// or https:// once"],
  ["https://http//x/", "must begin with http:// or https:// once"],
  ["http://fe80::1/", "must have an IPv6 address in brackets, such as http://[::1]:80/"],
  ["http://[::1/", 'must name a host: "[::1" is neither a host name nor an address'],
  ["http://[::g]/", 'must name a host: "[::g]" is neither a host name nor an address'],
  ["http://[::1]x/", 'must name a host: "[::1]x" is neither a host name nor an address'],
  ["http://1.2.3.999/", 'must name a host: "1.2.3.999" is neither a host name nor an address'],
  ["http://exa%mple", 'must name a host: "exa%mple" is neither a host name nor an address'],
  ["http://a..b/", 'must name a host: "a..b" is neither a host name nor an address'],
  ["http://*.example.com/", 'must name a host: "*.example.com" is neither a host name nor an address'],
  ["http://${HOST}/", 'must name a host: "${HOST}" is neither a host name nor an address'],
  ["http://.example.com/", 'must name a host: ".example.com" is neither a host name nor an address'],
  ["https://user:secret@example.com", "must have no user and password: they belong in a header, such as Authorization"],
  ["https://user@h:99999", "must have no user and password: they belong in a header, such as Authorization"],
  ["http://exa mple.com", "must have no spaces or line breaks: a space in a path or query is written %20"],
  ["http://example.com/a b", "must have no spaces or line breaks: a space in a path or query is written %20"],
  [" http://example.com", "must have no spaces or line breaks: a space in a path or query is written %20"],
  ["http://example.com\\hook", "must have / where it has \\"],
  ["http://", "must name a host, such as https://example.com/hook"],
  ["http:///hook", "must name a host, such as https://example.com/hook"],
  ["http://:80/", "must name a host, such as https://example.com/hook"],
  ...[
    "",
    "example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com",
    "http:example.com",
    "http:/h",
  ].map((bad) => [bad, "must begin with http:// or https://, such as https://example.com/hook"] as const),
])("%j is refused: it %s", (bad, why) => {
  expect(httpUrlFault(bad)).toBe(why);
});

test("a name longer than any is refused, and shown in part", () => {
  const fault = httpUrlFault(`http://${"x".repeat(300)}/`);
  expect(fault).toContain("is neither a host name nor an address");
  expect(fault?.length).toBeLessThan(200);
});

test("whatever is not refused can be read as a URL with a host and without a user", () => {
  const parts = fc.array(
    fc.constantFrom("http://", "https://", "h", "::1", "[::1]", ":", "80", "99999", "/", "\\", "@", "%", "..", "?", "#", "ü", " "),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl(),
        fc.string(),
        parts.map((some) => `http://${some.join("")}`),
      ),
      (text) => {
        if (httpUrlFault(text) !== null) return;
        const { hostname, username, protocol, port } = new URL(text);
        expect(hostname).not.toBe("");
        expect(username).toBe("");
        expect(port).not.toBe("0");
        expect(["http:", "https:"]).toContain(protocol);
      },
    ),
  );
});
