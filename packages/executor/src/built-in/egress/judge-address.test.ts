import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createEgressPolicy, judgeAddress, type EgressTarget } from "./judge-address.ts";

const to = (host: string, port = 443, protocol: EgressTarget["protocol"] = "http"): EgressTarget => ({ host, port, protocol });
const judge = (address: string, { host = "0.0.0.0", allow = [] as readonly string[], target = to(address), own = false } = {}) =>
  judgeAddress({ address, own }, target, createEgressPolicy({ host, allow }));

/** Addresses as `lookup` gives them and as URLs have them, and what they are called. */
const REFUSED: readonly (readonly [address: string, name: string])[] = [
  ["127.0.0.1", "a loopback address"],
  ["127.255.255.254", "a loopback address"],
  ["::1", "a loopback address"],
  ["10.0.0.1", "a private address"],
  ["172.16.0.1", "a private address"],
  ["172.31.255.255", "a private address"],
  ["192.168.1.1", "a private address"],
  ["fc00::1", "a private address"],
  ["fd12:3456::1", "a private address"],
  ["fec0::1", "a private address"],
  ["169.254.169.254", "a link-local address, as metadata services have"],
  ["fe80::1", "a link-local address, as metadata services have"],
  ["fe80::1%eth0", "a link-local address, as metadata services have"],
  ["0.0.0.0", "an address of this machine (unspecified)"],
  ["0.1.2.3", "an address of this machine (unspecified)"],
  ["::", "an address of this machine (unspecified)"],
  ["100.64.0.1", "an address of a carrier-grade NAT"],
  ["100.127.255.255", "an address of a carrier-grade NAT"],
  ["224.0.0.1", "a multicast address"],
  ["239.255.255.250", "a multicast address"],
  ["ff02::1", "a multicast address"],
  ["255.255.255.255", "the broadcast address"],
  ["240.0.0.1", "a reserved address"],
  ["192.0.0.1", "a reserved address"],
  ["192.0.2.1", "a reserved address"],
  ["198.18.0.1", "a reserved address"],
  ["203.0.113.1", "a reserved address"],
  ["2001:db8::1", "a reserved address"],
  ["100::1", "a reserved address"],
  ["4000::1", "a reserved address"],
  ["5f00::1", "a reserved address"],
  ["::ffff:127.0.0.1", "which contains 127.0.0.1, a loopback address"],
  ["::ffff:7f00:1", "which contains 127.0.0.1, a loopback address"],
  ["0:0:0:0:0:ffff:a9fe:a9fe", "which contains 169.254.169.254, a link-local address"],
  ["::127.0.0.1", "which contains 127.0.0.1, a loopback address"],
  ["::7f00:1", "which contains 127.0.0.1, a loopback address"],
  ["::ffff:0:127.0.0.1", "which contains 127.0.0.1, a loopback address"],
  ["64:ff9b::127.0.0.1", "which contains 127.0.0.1, a loopback address"],
  ["64:ff9b::a00:1", "which contains 10.0.0.1, a private address"],
  ["64:ff9b::a9fe:a9fe", "which contains 169.254.169.254, a link-local address"],
  ["64:ff9b:1::808:808", "an address of a local NAT64 gateway"],
  ["2002:7f00:1::1", "which contains 127.0.0.1, a loopback address"],
  ["2002:c0a8:101::", "which contains 192.168.1.1, a private address"],
  ["2001:0:7f00:1::f7f7:f7f7", "which contains 127.0.0.1, a loopback address"],
  ["2001:0:808:808::f5ff:fffe", "which contains 10.0.0.1, a private address"],
];
const PUBLIC = [
  "8.8.8.8",
  "1.1.1.1",
  "172.32.0.1",
  "100.128.0.1",
  "169.253.0.1",
  "2606:4700::1111",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
  "2002:808:808::1",
  "2001:0:808:808::f7f7:f7f7",
];

test.each(REFUSED)("%s is refused: %s", (address, name) => {
  const reason = judge(address);
  expect(reason).toContain(`jobs may not connect to ${address}`);
  expect(reason).toContain(name);
  expect(reason).toContain(`to allow it, start the executor with EGRESS_ALLOW=${address.includes(":") ? `[${address}]` : address}`);
});

test.each(PUBLIC)("%s is public", (address) => expect(judge(address)).toBeNull());

test("what a message says to set opens exactly that", () => {
  for (const [address] of REFUSED) {
    const setting = /EGRESS_ALLOW=(\S+)$/.exec(judge(address) ?? "")?.[1] ?? "";
    expect([address, judge(address, { allow: [setting] })]).toEqual([address, null]);
  }
});

test("where the service listens on loopback, loopback and private addresses are open, and no others", () => {
  for (const [address, name] of REFUSED) {
    const isLocal = /(loopback|private) address$/.test(name);
    expect([address, judge(address, { host: "127.0.0.1" }) === null]).toEqual([address, isLocal]);
  }
});

test("a name that resolves to such an address is refused by its name", () => {
  expect(judge("127.0.0.1", { target: to("rebind.example") })).toBe(
    "jobs may not connect to rebind.example, which resolves to 127.0.0.1, a loopback address; to allow it, start the executor with EGRESS_ALLOW=rebind.example",
  );
  expect(judge("no address", { target: to("odd.example") })).toContain("which is not an address");
});

describe("EGRESS_ALLOW", () => {
  test.each<[string, string, string, number, boolean]>([
    ["10.0.0.0/8", "db.internal", "10.1.2.3", 80, true],
    ["10.0.0.0/8", "db.internal", "::ffff:10.1.2.3", 80, true],
    ["10.0.0.0/8", "db.internal", "64:ff9b::a01:203", 80, true],
    ["10.0.0.0/8", "db.internal", "192.168.0.1", 80, false],
    ["10.0.0.0/8:8080", "db.internal", "10.1.2.3", 8080, true],
    ["10.0.0.0/8:8080", "db.internal", "10.1.2.3", 8081, false],
    ["fd00::/8", "db.internal", "fd00::5", 80, true],
    ["fd00::/8", "db.internal", "10.0.0.1", 80, false],
    ["[fd00::/8]:8080", "db.internal", "fd00::5", 8080, true],
    ["[fd00::/8]:8080", "db.internal", "fd00::5", 80, false],
    ["db.internal", "db.internal", "10.0.0.1", 80, true],
    ["DB.internal.", "db.INTERNAL.", "10.0.0.1", 80, true],
    ["db.internal", "evil-db.internal", "10.0.0.1", 80, false],
    ["db.internal", "db.internal.evil.example", "10.0.0.1", 80, false],
    ["*.internal", "db.internal", "10.0.0.1", 80, true],
    ["*.internal", "a.b.internal", "10.0.0.1", 80, true],
    ["*.internal", "internal", "10.0.0.1", 80, false],
    ["*.internal", "evilinternal", "10.0.0.1", 80, false],
    ["db.internal:5000", "db.internal", "10.0.0.1", 5000, true],
    ["db.internal:5000", "db.internal", "10.0.0.1", 80, false],
    ["loopback", "localhost", "::1", 80, true],
    ["loopback", "localhost", "10.0.0.1", 80, false],
    ["private", "x", "fd00::1", 80, true],
    ["private", "x", "169.254.169.254", 80, false],
    ["*", "x", "169.254.169.254", 80, true],
    ["*", "x", "127.0.0.1", 25, false],
    ["*:25", "x", "127.0.0.1", 25, true],
  ])("%s, asked for %s at %s, port %d: %s", (entry, host, address, port, open) => {
    expect(judge(address, { allow: [entry], target: to(host, port) }) === null).toBe(open);
  });
});

test("ports of other protocols are refused for HTTP, on loopback too, until an entry names the port", () => {
  for (const host of ["0.0.0.0", "127.0.0.1"]) {
    expect(judge("8.8.8.8", { host, target: to("mail.example", 25) })).toBe(
      "jobs may not connect to port 25 of mail.example, which belongs to another protocol than HTTP; to allow it, start the executor with EGRESS_ALLOW=mail.example:25",
    );
  }
  expect(judge("8.8.8.8", { allow: ["mail.example:25"], target: to("mail.example", 25) })).toBeNull();
  expect(judge("8.8.8.8", { target: to("mail.example", 25, "other") })).toBeNull();
});

test("an own listener is refused where the service listens for others, until an entry names its port", () => {
  const target = to("127.0.0.1", 7070);
  for (const allow of [[], ["loopback"], ["127.0.0.1"], ["*"]]) {
    expect(judge("127.0.0.1", { allow, target, own: true })).toContain("at whose port 7070 this service itself listens");
  }
  expect(judge("8.8.8.8", { target: to("8.8.8.8", 7070), own: true })).toContain("EGRESS_ALLOW=8.8.8.8:7070");
  expect(judge("127.0.0.1", { allow: ["127.0.0.1:7070"], target, own: true })).toBeNull();
  expect(judge("127.0.0.1", { host: "127.0.0.1", target, own: true })).toBeNull();
});

test("no IPv4 address that is refused is open in any form of IPv6 that contains it", () => {
  const octet = fc.nat({ max: 255 });
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
      const plain = `${a}.${b}.${c}.${d}`;
      const high = ((a << 8) | b).toString(16);
      const low = ((c << 8) | d).toString(16);
      const open = judge(plain) === null;
      for (const form of [`::ffff:${plain}`, `64:ff9b::${plain}`, `2002:${high}:${low}::1`]) {
        expect([form, judge(form) === null]).toEqual([form, open]);
      }
    }),
  );
});
