import { expect, test } from "@jest/globals";
import { AppError } from "../../domain/app-error.ts";
import { busUrlSetting, lockUrlSetting, storeUrlSetting } from "../../runtime/config/server-settings.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { examine, formatReport, serverCheck } from "./doctor.ts";

const ENV = { STORE_URL: "mongodb://db", BUS_URL: "kafka://k:9092" };

const access = { login: "USER or PASSWORD", trust: "set CA_FILE" };

/** Three servers with given answers. */
function setup({ store = async (): Promise<string | null> => "it answers", env = ENV as Readonly<Record<string, string>> } = {}) {
  const clock = manualClock(0);
  const checks = [
    serverCheck({ variable: "STORE_URL", server: "MongoDB", table: { url: storeUrlSetting }, without: "", access, look: store }),
    serverCheck({
      variable: "BUS_URL",
      server: "Kafka",
      table: { url: busUrlSetting },
      without: "",
      access,
      look: async ({ url }) => `${url} answers`,
    }),
    serverCheck({
      variable: "LOCK_URL",
      server: "Redis",
      table: { url: lockUrlSetting },
      without: "leases in the store",
      access,
      look: async ({ url }) => (url === undefined ? null : "it locks"),
    }),
  ];
  return { clock, examine: () => examine(checks, { env, clock, answerMs: 1_000 }) };
}

test("what answers, and what is not needed, is said by its variable", async () => {
  const { examine: look, clock } = setup();
  expect(await look()).toEqual([
    { variable: "STORE_URL", kind: "ok", text: "it answers" },
    { variable: "BUS_URL", kind: "ok", text: "kafka://k:9092 answers" },
    { variable: "LOCK_URL", kind: "not set", text: "leases in the store" },
  ]);
  expect(clock.timers).toBe(0);
});

test("what fails is said with what to start or change, and hides nothing else", async () => {
  const store = () => Promise.reject(new Error("connection refused"));
  const findings = await setup({ store, env: { ...ENV, BUS_URL: "" } }).examine();
  expect(findings.map(({ kind }) => kind)).toEqual(["fails", "fails", "not set"]);
  expect(findings[0]?.text).toBe("connection refused\n  Start MongoDB there, or change STORE_URL.");
  expect(findings[1]?.text).toBe("BUS_URL=: must be set, as in BUS_URL=kafka://localhost:9092");
});

test.each([
  ["Authentication failed.", "It refuses the login: change USER or PASSWORD."],
  ["self-signed certificate", "Its certificate is signed by an authority that is not trusted here: set CA_FILE."],
  ["Hostname/IP does not match certificate's altnames", "Its certificate is for another host: name that host in STORE_URL."],
])("a server that refuses access is not to be started: %s", async (said, advice) => {
  const store = () => Promise.reject(new Error(said));
  expect((await setup({ store }).examine())[0]?.text).toBe(`${said}\n  ${advice}`);
});

test("a server that answers but lacks something is not to be started", async () => {
  const store = () => Promise.reject(new AppError("bad_config", "it has no topics: npm run topics makes them"));
  expect((await setup({ store }).examine())[0]?.text).toBe("it has no topics: npm run topics makes them");
});

test("a server that hangs is unavailable when its time is over", async () => {
  const { examine: look, clock } = setup({ store: () => new Promise(() => {}) });
  const findings = look();
  clock.advance(1_000);
  expect((await findings)[0]?.text).toBe("no answer within 1000 ms\n  Start MongoDB there, or change STORE_URL.");
});

test("the report has one line a server, and advice below it", () => {
  const report = formatReport([
    { variable: "STORE_URL", kind: "ok", text: "it answers" },
    { variable: "BUS_URL", kind: "fails", text: "refused\n  Start it." },
  ]);
  expect(report).toBe("ok      STORE_URL     it answers\nfails   BUS_URL       refused\n                      Start it.\n");
});
