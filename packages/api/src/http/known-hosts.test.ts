import { describe, expect, test } from "@jest/globals";
import { createHostCheck, isLoopback } from "./known-hosts.ts";

const setup = (host: string, ...allowedHosts: string[]) => {
  const check = createHostCheck({ host, allowedHosts });
  return (header: string | undefined) => check(header)?.code ?? "served";
};

describe("on loopback", () => {
  test.each(["localhost", "localhost:7070", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:7070", "[::1]", "[::1]:7070", undefined])(
    "%s is served",
    (header) => expect(setup("127.0.0.1")(header)).toBe("served"),
  );

  test.each([
    "rebound.example",
    "rebound.example:7070",
    "127.0.0.1.rebound.example",
    "localhost.rebound.example:7070",
    "rebound.example:127.0.0.1",
    "192.168.0.7:7070",
    "[::2]:7070",
    "[::1",
    "::1",
    "][",
    ":7070",
    "",
  ])("%p is not", (header) => expect(setup("127.0.0.1")(header)).toBe("host_not_served"));

  test("so are names of the configuration, in any case, and the address itself", () => {
    const served = setup("127.0.0.9", "Jobs.Internal");
    expect([served("jobs.internal:443"), served("127.0.0.9:7070"), served("localhost")]).toEqual(["served", "served", "served"]);
    expect(served("other.internal")).toBe("host_not_served");
  });

  test("the answer names what is served", () => {
    expect(createHostCheck({ host: "127.0.0.1", allowedHosts: [] })("evil.example")?.detail).toBe(
      '"evil.example" is none of the hosts served here: localhost, 127.0.0.1, [::1]. ALLOWED_HOSTS adds others',
    );
  });
});

test("on an address others can reach, all is served unless names are configured", () => {
  expect(setup("0.0.0.0")("any.example")).toBe("served");
  const served = setup("::", "jobs.internal");
  expect([served("jobs.internal"), served("localhost:7070"), served("[::]:7070"), served("any.example")]).toEqual([
    "served",
    "served",
    "served",
    "host_not_served",
  ]);
});

test.each([
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["127.0.0.1.example", false],
])("%s is loopback: %p", (address, loopback) => expect(isLoopback(address)).toBe(loopback));
