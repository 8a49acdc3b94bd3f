import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { createHostCheck, createOriginCheck, hostProblem, type HostNames } from "./known-hosts.ts";

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
    "localhost:80@evil.example",
    "localhost.evil.example",
    "evil.example.",
    "[::ffff:192.168.0.7]",
    "evil.example@localhost",
    "localhost:7070, evil.example",
    "localhost/evil.example",
    "localhost\\evil.example",
    "localhost#evil.example",
    "localhost evil.example",
    "localhost:7070:7070",
    "localhost:70707070",
    "localhost:+80",
    "[::1]evil.example",
    "[::1]:80@evil.example",
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

test("what is no host at all is served nowhere", () => {
  for (const header of ["localhost:80@evil.example", "][", "a b", "a,b", ":7070"]) expect(setup("0.0.0.0")(header)).toBe("host_not_served");
});

describe("the host that a request is for", () => {
  const check = createHostCheck({ host: "127.0.0.1", allowedHosts: [] });
  const readCode = (rawHeaders: string[], url = "/jobs"): string => {
    const [, host] = rawHeaders;
    const request = { url, rawHeaders, headers: host === undefined ? {} : { host } } as unknown as IncomingMessage;
    return hostProblem(check, request)?.code ?? "served";
  };

  test("may occur once", () => {
    expect(readCode(["Host", "localhost", "Accept", "*/*"])).toBe("served");
    expect(readCode(["Host", "localhost", "HOST", "evil.example"])).toBe("bad_header");
    expect(readCode(["Host", "localhost", "Accept", "host", "host", "localhost"])).toBe("bad_header");
  });

  test("is that of the target too, where it is in full", () => {
    expect(readCode(["Host", "localhost"], "http://localhost:7070/jobs")).toBe("served");
    expect(readCode(["Host", "localhost"], "http://evil.example/jobs")).toBe("host_not_served");
    expect(readCode(["Host", "localhost"], "http://localhost@evil.example/jobs")).toBe("host_not_served");
    expect(readCode(["Host", "localhost"], "http:///jobs")).toBe("host_not_served");
    expect(readCode(["Host", "localhost"], "*")).toBe("served");
  });
});

describe("a page is ours", () => {
  const isOwn = (origin: string, hostHeader: string | undefined, names: Partial<HostNames> = {}): boolean =>
    createOriginCheck({ host: "127.0.0.1", allowedHosts: [], ...names })(origin, hostHeader);

  test.each([
    ["http://127.0.0.1:7070", "127.0.0.1:7070"],
    ["http://localhost:7070", "localhost:7070"],
    ["http://LOCALHOST:7070", "localhost:7070"],
    ["http://localhost:7070", "127.0.0.1:7070"],
    ["http://[::1]:7070", "[::1]:7070"],
    ["http://localhost", "localhost"],
    ["http://localhost", "localhost:80"],
    ["https://localhost", "localhost:443"],
    ["https://localhost", "localhost"],
    ["http://[::1]", "[::1]"],
  ])("%s, asking %s", (origin, host) => expect(isOwn(origin, host)).toBe(true));

  test.each([
    ["null", "127.0.0.1:7070"],
    ["", "127.0.0.1:7070"],
    ["http://evil.example", "127.0.0.1:7070"],
    ["http://evil.example:7070", "127.0.0.1:7070"],
    ["http://localhost:3000", "localhost:7070"],
    ["http://localhost", "localhost:7070"],
    ["http://localhost:7070.evil.example", "localhost:7070"],
    ["http://localhost:7070@evil.example", "localhost:7070"],
    ["http://localhost:7070/", "localhost:7070"],
    ["http://localhost:7070, http://evil.example", "localhost:7070"],
    ["chrome-extension://localhost:7070", "localhost:7070"],
    ["file://", "localhost:7070"],
    ["http://localhost:7070", undefined],
    ["http://localhost:3000", "localhost"], // Host names no port, so it is the one that browsers leave out.
    ["http://[::1]:3000", "[::1]:7070"],
    ["http://localhost.:7070", "localhost:7070"],
    ["HTTPS://localhost:7071", "localhost:7070"],
    ["ws://localhost:7070", "localhost:7070"],
    ["http://", "localhost:7070"],
  ])("but not %p, asking %p", (origin, host) => expect(isOwn(origin, host)).toBe(false));

  test("by any name of the configuration, whatever a proxy made of host and port", () => {
    const names = { host: "0.0.0.0", allowedHosts: ["Jobs.Internal"] };
    expect(isOwn("https://jobs.internal", "api:7070", names)).toBe(true);
    expect(isOwn("https://other.internal", "api:7070", names)).toBe(false);
  });

  test("on an address others can reach, by the host that was asked", () => {
    const names = { host: "0.0.0.0" };
    expect(isOwn("http://jobs.internal:7070", "jobs.internal:7070", names)).toBe(true);
    expect(isOwn("http://evil.example", "jobs.internal:7070", names)).toBe(false);
  });
});
