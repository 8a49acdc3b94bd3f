import { createServer, type AddressInfo, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createEgressGuard, type Resolve } from "../egress/egress-guard.ts";
import { createEgressPolicy } from "../egress/judge-address.ts";
import { end, handler, target } from "./http-handler.test-support.ts";

/** Counts connections. No refused request may make one. */
let server: Server;
let port: number;
let connections = 0;
beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1;
    socket.resume().end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  ({ port } = server.address() as AddressInfo);
});
beforeEach(() => void (connections = 0));
afterAll(() => new Promise((closed) => server.close(closed)));

interface Setup {
  /** What each look-up of a name gives, in turn; the last one again and again. */
  readonly answers?: readonly (readonly string[])[];
  readonly allow?: readonly string[];
  readonly ownPort?: number | null;
  readonly ownAddresses?: readonly string[];
}

/** As where the service listens on an address that others can reach. */
function setup({ answers, allow = [], ownPort = null, ownAddresses = [] }: Setup = {}) {
  const asked: string[] = [];
  const resolve: Resolve = (hostname, _options, callback) => {
    const addresses = answers?.[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
    );
  };
  const egress = createEgressGuard({
    policy: createEgressPolicy({ host: "0.0.0.0", allow }),
    ownPort: () => ownPort,
    ownAddresses: () => ownAddresses,
    ...(answers === undefined ? {} : { resolve }),
  });
  return { ...handler({}, { egress }), asked };
}

const REFUSED = { code: "http_egress", retryable: false };

describe("addresses in every notation", () => {
  test.each<[string, string, string]>([
    ["dotted", "127.0.0.1", "a loopback address"],
    ["decimal", "2130706433", "127.0.0.1, a loopback address"],
    ["octal", "0177.0.0.1", "127.0.0.1, a loopback address"],
    ["octal as one number", "017700000001", "127.0.0.1, a loopback address"],
    ["hexadecimal", "0x7f.0x0.0x0.0x1", "127.0.0.1, a loopback address"],
    ["hexadecimal as one number", "0x7f000001", "127.0.0.1, a loopback address"],
    ["mixed", "0x7f.0.01", "127.0.0.1, a loopback address"],
    ["short", "127.1", "127.0.0.1, a loopback address"],
    ["zero", "0", "0.0.0.0, an address of this machine"],
    ["with a trailing dot", "127.0.0.1.", "127.0.0.1, a loopback address"],
    ["percent-encoded", "%31%32%37.0.0.1", "127.0.0.1, a loopback address"],
    ["full-width digits", "１２７.０.０.１", "127.0.0.1, a loopback address"],
    ["circled digits", "①②⑦.⓪.⓪.①", "127.0.0.1, a loopback address"],
    ["ideographic full stops", "127。0。0。1", "127.0.0.1, a loopback address"],
    ["IPv6", "[::1]", "::1, a loopback address"],
    ["IPv6 in full", "[0:0:0:0:0:0:0:1]", "::1, a loopback address"],
    ["unspecified IPv6", "[::]", "::, an address of this machine"],
    ["IPv4-mapped", "[::ffff:127.0.0.1]", "which contains 127.0.0.1, a loopback address"],
    ["IPv4-mapped in hexadecimal", "[::ffff:7f00:1]", "which contains 127.0.0.1, a loopback address"],
    ["IPv4-compatible", "[::127.0.0.1]", "which contains 127.0.0.1, a loopback address"],
    ["NAT64", "[64:ff9b::7f00:1]", "which contains 127.0.0.1, a loopback address"],
    ["local NAT64", "[64:ff9b:1::7f00:1]", "an address of a local NAT64 gateway"],
    ["6to4", "[2002:7f00:1::]", "which contains 127.0.0.1, a loopback address"],
    ["Teredo", "[2001:0:7f00:1::f7f7:f7f7]", "which contains 127.0.0.1, a loopback address"],
    ["metadata", "169.254.169.254", "a link-local address, as metadata services have"],
    ["metadata as one number", "2852039166", "169.254.169.254, a link-local address"],
    ["metadata, mapped", "[::ffff:169.254.169.254]", "which contains 169.254.169.254, a link-local address"],
    ["private", "10.0.0.1", "a private address"],
    ["unique local", "[fd00:ec2::254]", "a private address"],
    ["link-local IPv6", "[fe80::1]", "a link-local address"],
    ["multicast", "224.0.0.1", "a multicast address"],
    ["broadcast", "255.255.255.255", "the broadcast address"],
  ])("%s: http://%s is refused", async (_, host, name) => {
    const { readFault, asked } = setup({ answers: [["8.8.8.8"]] });
    const fault = await readFault({ url: `http://${host}:${port}/hook?token=secret` });
    expect(fault).toMatchObject(REFUSED);
    expect(fault.message).toContain("jobs may not connect to ");
    expect(fault.message).toContain(name);
    expect(fault.message).toMatch(/; to allow it, start the executor with EGRESS_ALLOW=\S+$/);
    expect(fault.message).not.toContain("secret");
    expect({ connections, asked }).toEqual({ connections: 0, asked: [] });
  });
});

describe("names", () => {
  test.each(["localhost", "LOCALHOST"])("%s, as this machine resolves it, is refused", async (host) => {
    const fault = await setup().readFault({ url: `http://${host}:${port}/` });
    expect(fault).toMatchObject(REFUSED);
    expect(fault.message).toMatch(/localhost, which resolves to (127\.0\.0\.1|::1), a loopback address/);
    expect(connections).toBe(0);
  });

  test.each<[string, readonly string[]]>([
    ["loopback", ["127.0.0.1"]],
    ["loopback of IPv6", ["::1"]],
    ["a public and a loopback address", ["8.8.8.8", "127.0.0.1"]],
    ["a mapped address", ["::ffff:127.0.0.1"]],
    ["a metadata service", ["169.254.169.254"]],
    ["a NAT64 gateway to a private address", ["64:ff9b::a00:1"]],
  ])("a name that resolves to %s is refused, over TLS too", async (_, addresses) => {
    for (const scheme of ["http", "https"]) {
      for (const host of ["hook.example", "hook.example."]) {
        const { readFault, asked } = setup({ answers: [addresses] });
        const fault = await readFault({ url: `${scheme}://${host}:${port}/` });
        expect(fault).toMatchObject(REFUSED);
        expect(fault.message).toContain(`${host}, which resolves to`);
        expect(fault.message).toContain("EGRESS_ALLOW=hook.example");
        expect({ connections, asked }).toEqual({ connections: 0, asked: [host] });
      }
    }
  });

  test("a name is resolved once for a connection, and what was vetted is connected to", async () => {
    // The first answer is allowed; the second one, which an attacker would give after the check, is never asked for.
    const { run, asked } = setup({ answers: [["127.0.0.1"], ["169.254.169.254"]], allow: ["127.0.0.1"] });
    expect(await run({ url: `http://rebind.example:${port}/` })).toMatchObject({ status: 200 });
    expect({ connections, asked }).toEqual({ connections: 1, asked: ["rebind.example"] });
  });

  test("the next connection is vetted anew", async () => {
    const { run, readFault, asked } = setup({ answers: [["127.0.0.1"], ["169.254.169.254"]], allow: ["127.0.0.1"] });
    await run({ url: `http://rebind.example:${port}/` });
    expect(await readFault({ url: `http://rebind.example:${port}/` })).toMatchObject(REFUSED);
    expect({ connections, asked }).toEqual({ connections: 1, asked: ["rebind.example", "rebind.example"] });
  });
});

test("EGRESS_ALLOW opens a host, a network and a port", async () => {
  for (const allow of [["localhost"], ["loopback"], ["127.0.0.0/8", "::1"], [`localhost:${port}`], ["*"]]) {
    const { run } = setup({ allow });
    expect([allow, await run({ url: `http://localhost:${port}/` })]).toMatchObject([allow, { status: 200 }]);
  }
});

test("the service's own listener is refused at each of its addresses, unless the entry has its port", async () => {
  const own = { ownPort: port, ownAddresses: ["203.0.113.7"], answers: [["203.0.113.7"]] };
  for (const [host, allow] of [
    ["127.0.0.1", ["loopback"]],
    ["203.0.113.7", ["*"]],
    ["self.example", ["self.example"]],
  ] as const) {
    const fault = await setup({ ...own, allow }).readFault({ url: `http://${host}:${port}/` });
    expect(fault).toMatchObject({ ...REFUSED, message: expect.stringContaining(`at whose port ${port} this service itself listens`) });
  }
  expect(await setup({ ...own, allow: [`127.0.0.1:${port}`] }).run({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ status: 200 });
});

test("a port of another protocol is refused, with the entry that opens it", async () => {
  const { readFault } = setup({ answers: [["8.8.8.8"]] });
  for (const host of ["8.8.8.8", "mail.example"]) {
    const fault = await readFault({ url: `http://${host}:25/` });
    expect(fault).toMatchObject({ ...REFUSED, message: expect.stringContaining(`EGRESS_ALLOW=${host}:25`) });
  }
});

test("for clients that resolve names themselves, the guard gives the vetted addresses", async () => {
  const guard = (answers: readonly string[]) =>
    createEgressGuard({
      policy: createEgressPolicy({ host: "0.0.0.0", allow: [] }),
      ownPort: () => null,
      resolve: (_host, _options, callback) =>
        callback(
          null,
          answers.map((address) => ({ address, family: 4 })),
        ),
    });
  const asked = { host: "mail.example", port: 25, protocol: "other" } as const;
  expect(await guard(["8.8.8.8", "1.1.1.1"]).resolveVetted(asked)).toEqual([
    { address: "8.8.8.8", family: 4 },
    { address: "1.1.1.1", family: 4 },
  ]);
  expect(await guard([]).resolveVetted({ ...asked, host: "8.8.8.8" })).toEqual([{ address: "8.8.8.8", family: 4 }]);
  await expect(guard(["10.0.0.1"]).resolveVetted(asked)).rejects.toMatchObject({ code: "egress_refused" });
  await expect(guard([]).resolveVetted({ ...asked, host: "127.0.0.1" })).rejects.toMatchObject({ code: "egress_refused" });
});

test("a plain target on loopback is reached where the service listens on loopback", async () => {
  const { url } = await target(end(200));
  expect(await handler().run({ url })).toMatchObject({ status: 200 });
});

test("refused connections take no place from those that are allowed", async () => {
  const egress = createEgressGuard({ policy: createEgressPolicy({ host: "0.0.0.0", allow: [`127.0.0.1:${port}`] }), ownPort: () => null });
  const { run, readFault } = handler({ connectionsMax: 1 }, { egress });
  for (const url of [`https://10.0.0.1:${port}/`, "http://10.0.0.1/", "http://10.0.0.1/"]) {
    expect(await readFault({ url })).toMatchObject(REFUSED);
  }
  expect(await Promise.all([1, 2, 3].map(() => run({ url: `http://127.0.0.1:${port}/` })))).toHaveLength(3);
});
