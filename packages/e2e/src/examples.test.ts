import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import type { RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { REPOSITORY } from "./product/product-process.ts";
import { eventually, runProduct, type RunningProduct } from "./product/running-product.ts";
import { startChild } from "./services/child.ts";

/** The jobs of `examples/jobs`, each created and run as it stands there, but for ports. */

jest.setTimeout(60_000);

const KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const onLinux = process.platform === "linux" ? test : test.skip; // The handler `command` is untested elsewhere.

const endings = createEndings();
afterAll(endings.run);

interface Hook {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const hooks: Hook[] = [];
const mails: ParsedMail[] = [];
let product: RunningProduct;
let target = "";
let files = "";

async function startTarget(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      hooks.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endings.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startMailServer(): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, _, done) {
      void simpleParser(stream).then((mail) => {
        mails.push(mail);
        done(null);
      });
    },
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening()));
  endings.add(() => new Promise((closed) => server.close(() => closed(null))));
  return `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const folder = temporaryFolder(endings);
  writeFileSync(join(folder, "keys.txt"), `hooks=${KEY}\n`);
  files = join(folder, "files");
  mkdirSync(files);
  target = await startTarget();
  product = await runProduct(endings, {
    dataDir: join(folder, "data"),
    args: ["--allow-commands", "--files", files],
    env: {
      SIGNING_KEYS_FILE: join(folder, "keys.txt"),
      SMTP_URL: await startMailServer(),
      SMTP_FROM: "Reports <reports@example.com>",
      LOG_LEVEL: "error",
    },
  });
});

interface EndedRun extends RunView {
  readonly output: unknown;
}

/** Creates the job of that file, and runs it once. */
async function run(name: string, receiver = target): Promise<EndedRun> {
  const text = readFileSync(join(REPOSITORY, "examples/jobs", `${name}.json`), "utf8").replaceAll("http://127.0.0.1:8099", receiver);
  await product.call("PUT", `/jobs/${name}`, JSON.parse(text));
  const { id } = await product.call<RunView>("POST", `/jobs/${name}/trigger`);
  return eventually(async () => {
    const shown = await product.call<EndedRun>("GET", `/runs/${id}`);
    return ["succeeded", "failed"].includes(shown.state) ? shown : null;
  });
}

test("a signed webhook is verified by the public library", async () => {
  expect(await run("signed-webhook")).toMatchObject({ state: "succeeded" });
  const [{ headers, body } = { headers: {}, body: "" }] = hooks;
  expect(new Webhook(KEY).verify(body, headers as Record<string, string>)).toEqual({ event: "hourly" });
  expect(() => new Webhook(KEY).verify(`${body} `, headers as Record<string, string>)).toThrow();
});

test("the receiver of the examples takes what is signed with its key, and nothing else", async () => {
  const start = async (key: string): Promise<string> => {
    const args = [join(REPOSITORY, "examples/webhook-receiver/receive.mjs")];
    const child = startChild(endings, { command: process.execPath, args, cwd: REPOSITORY, env: { WEBHOOK_KEY: key, PORT: "0" } });
    const [, address = ""] = await child.said(/^listening on (\S+)$/m);
    return address;
  };
  expect(await run("signed-webhook", await start(KEY))).toMatchObject({ state: "succeeded" });
  expect(await run("signed-webhook", await start("whsec_AAAA"))).toMatchObject({
    state: "failed",
    error: { code: "http_status", message: expect.stringContaining("answered 401") },
  });
});

test("a mail is received, with its templates filled and its attachment", async () => {
  expect(await run("mail")).toMatchObject({ state: "succeeded", output: { accepted: ["ada@example.com"], rejected: [] } });
  const [mail] = mails;
  expect(mail?.subject).toMatch(/^Numbers of \d\d\.\d\d\.\d{4}$/);
  expect(mail?.text).toBe("apples: 1.5\npears & plums: 2\n");
  expect(mail?.html).toBe("<ul><li>apples: 1.5</li><li>pears &amp; plums: 2</li></ul>");
  expect(mail?.attachments).toMatchObject([{ filename: "prices.csv", contentType: "text/csv" }]);
});

onLinux("the output of a shell line is kept", async () => {
  expect(await run("disk-usage")).toMatchObject({
    state: "succeeded",
    output: { exitCode: 0, log: expect.stringMatching(/^used \d+%\n$/), truncated: false },
  });
});

test("a million rows are aggregated into a CSV file", async () => {
  expect(await run("million-rows")).toMatchObject({ state: "succeeded", output: { count: 2, file: "out/percentiles.csv" } });
  const [head, ...rows] = readFileSync(join(files, "out/percentiles.csv"), "utf8").trim().split("\n");
  expect(head).toBe("half,rows,p50,p99");
  expect(rows.map((row) => row.split(",").slice(0, 2))).toEqual([
    ["even", "500000"],
    ["odd", "500000"],
  ]);
  for (const row of rows) {
    const [p50, p99] = row.split(",").slice(2).map(Number);
    expect([p50, p99]).toEqual([expect.closeTo(50, 0), expect.closeTo(99, 0)]);
  }
});
