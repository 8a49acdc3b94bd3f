import { createServer, type AddressInfo, type Socket } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { RunAborted } from "../../attempt/run-aborted.ts";
import { emailHandler, mailServer } from "./email-handler.test-support.ts";

/** What a client of the mail server is told. */
const answer = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });

test("a message arrives with its recipients, both texts and attachments", async () => {
  const { received, port } = await mailServer();
  const { send } = emailHandler(`smtp://127.0.0.1:${port}`);
  const output = await send({
    to: ["Ada <ada@example.com>", "bob@example.com"],
    cc: "carol@example.com",
    bcc: ["dan@example.com"],
    replyTo: "office@example.com",
    subject: "Grüße",
    text: "plain",
    html: "<p>rich</p>",
    attachments: [
      { filename: "a.csv", content: "a;b\n1;2\n", file: null, encoding: "utf8", contentType: "text/csv" },
      { filename: "b.bin", content: Buffer.from([0, 1, 255]).toString("base64"), file: null, encoding: "base64", contentType: null },
    ],
  });
  expect(output).toEqual({
    messageId: "<RUN@example.com>",
    accepted: ["ada@example.com", "bob@example.com", "carol@example.com", "dan@example.com"],
    rejected: [],
    response: expect.stringMatching(/^250 /),
  });
  const [{ mail, from, to } = { mail: null, from: "", to: [] }] = received;
  expect({ from, to }).toEqual({ from: "reports@example.com", to: output.accepted });
  expect(mail).toMatchObject({ subject: "Grüße", text: "plain", html: "<p>rich</p>", messageId: "<RUN@example.com>" });
  expect(mail?.headers.has("bcc")).toBe(false);
  expect(mail?.headers.get("tickline-run-id")).toBe("RUN");
  expect(mail?.replyTo?.text).toBe("office@example.com");
  expect(mail?.attachments.map(({ filename, contentType, content }) => [filename, contentType, [...content]])).toEqual([
    ["a.csv", "text/csv", [...Buffer.from("a;b\n1;2\n")]],
    ["b.bin", "application/octet-stream", [0, 1, 255]],
  ]);
});

test("each attempt of a run sends the same Message-ID, and each run another", async () => {
  const { received, port } = await mailServer();
  const url = `smtp://127.0.0.1:${port}`;
  await emailHandler(url, { attempt: 1 }).send({}, "RUN-1");
  await emailHandler(url, { attempt: 2 }).send({}, "RUN-1");
  await emailHandler(url).send({}, "RUN-2");
  expect(received.map(({ mail }) => mail.messageId)).toEqual(["<RUN-1@example.com>", "<RUN-1@example.com>", "<RUN-2@example.com>"]);
});

test("templates see the data and the run; HTML is escaped, text is not", async () => {
  const { received, port } = await mailServer();
  await emailHandler(`smtp://127.0.0.1:${port}`).send({
    template: true,
    data: {
      name: "Ada & <Bob>",
      line: "of\r\nBcc: x@y.z",
      rows: [
        { item: "a", price: 1.5 },
        { item: "b", price: 2 },
      ],
    },
    subject: "{{ data.rows | size }} items {{ data.line }} {{ run.scheduledFor | date: '%Y-%m-%d', 'Europe/Berlin' }}",
    text: "{{ data.name }}{% for row in data.rows %} {{ row.item }}={{ row.price }}{% endfor %}",
    html: "<b>{{ data.name }}</b>{% if run.lastRun %}again{% else %}first{% endif %}",
  });
  expect(received[0]?.mail).toMatchObject({
    subject: "2 items of Bcc: x@y.z 2026-01-05",
    text: "Ada & <Bob> a=1.5 b=2",
    html: "<b>Ada &amp; &lt;Bob&gt;</b>first",
  });
});

test("without `template` braces are text", async () => {
  const { received, port } = await mailServer();
  await emailHandler(`smtp://127.0.0.1:${port}`).send({ text: "{{ data.x }} {% raw %}" });
  expect(received[0]?.mail.text?.trim()).toBe("{{ data.x }} {% raw %}");
});

test("a login is sent over TLS, and refused logins are not retried", async () => {
  const logins: unknown[] = [];
  const { received, port } = await mailServer({
    authOptional: false,
    onAuth({ username, password }, session, done) {
      logins.push([username, password, session.secure]);
      if (password === "pass word") done(null, { user: "ok" });
      else done(answer(535, "wrong"));
    },
  });
  const server = `127.0.0.1:${port}?tls=optional`;
  await emailHandler(`smtp://us%40er:pass%20word@${server}`).send({});
  expect(logins).toEqual([["us@er", "pass word", true]]);
  expect(received).toMatchObject([{ secure: true }]);
  const fault = await emailHandler(`smtp://u:secret@${server}`).readFault({});
  expect(fault).toMatchObject({
    code: "smtp_auth",
    retryable: false,
    message: expect.stringContaining("does not accept the login of SMTP_URL"),
  });
  expect(fault.message).not.toContain("secret");
});

test("where TLS is required, a server without it gets no login and no message", async () => {
  let logins = 0;
  const { received, port } = await mailServer({
    hideSTARTTLS: true,
    disabledCommands: ["STARTTLS"],
    onAuth(_, __, done) {
      logins += 1;
      done(null, { user: "ok" });
    },
  });
  expect(await emailHandler(`smtp://u:p@127.0.0.1:${port}?tls=required`).readFault({})).toMatchObject({
    code: "smtp_network",
    retryable: true,
  });
  expect([logins, received.length]).toEqual([0, 0]);
});

test.each(["smtps://127.0.0.1:PORT", "smtp://127.0.0.1:PORT?tls=required"])(
  "%s: a certificate that is not trusted is refused",
  async (url) => {
    const { port } = await mailServer({ secure: url.startsWith("smtps") });
    expect(await emailHandler(url.replace("PORT", String(port))).readFault({})).toMatchObject({
      code: "smtp_network",
      message: expect.stringMatching(/certificate/i),
    });
  },
);

test.each([
  [450, true],
  [421, true],
  [550, false],
  [552, false],
])("answer %d to the recipients: retried %j", async (responseCode, retryable) => {
  const { port } = await mailServer({ onRcptTo: (_, __, done) => done(answer(responseCode, "not now")) });
  expect(await emailHandler(`smtp://127.0.0.1:${port}`).readFault({})).toMatchObject({
    code: "smtp_refused",
    retryable,
    message: expect.stringContaining("not now"),
  });
});

test("a message that is refused as such is not retried", async () => {
  const { port } = await mailServer({
    onData: (stream, _, done) => void stream.resume().on("end", () => done(answer(554, "looks like spam"))),
  });
  expect(await emailHandler(`smtp://127.0.0.1:${port}`).readFault({})).toMatchObject({
    code: "smtp_refused",
    retryable: false,
    message: expect.stringContaining("looks like spam"),
  });
});

test("some recipients that are refused do not keep the message from the others", async () => {
  const { received, port } = await mailServer({
    onRcptTo: ({ address }, _, done) => done(address.startsWith("bob") ? answer(550, "no such user") : null),
  });
  const { send, warnings } = emailHandler(`smtp://127.0.0.1:${port}`);
  const output = await send({ to: ["ada@example.com", "bob@example.com"] });
  expect(output).toMatchObject({
    accepted: ["ada@example.com"],
    rejected: [{ address: "bob@example.com", why: expect.stringContaining("no such user") }],
  });
  expect(received.map(({ to }) => to)).toEqual([["ada@example.com"]]);
  expect(warnings).toEqual([["the mail server refused some recipients", { rejected: output.rejected }]]);
});

/** Takes connections, and says nothing. */
async function silentServer(onSocket: (socket: Socket) => void = () => {}) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    onSocket(socket);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("a server that cannot be reached, or says nothing, is tried again", async () => {
  const silent = await silentServer();
  expect(await emailHandler(`smtp://127.0.0.1:${silent.port}`, { limits: { connectMs: 100 } }).readFault({})).toMatchObject({
    code: "smtp_network",
    retryable: true,
  });
  silent.close();
  expect(await emailHandler(`smtp://127.0.0.1:${silent.port}`).readFault({})).toMatchObject({
    code: "smtp_network",
    retryable: true,
    message: expect.stringMatching(/^127\.0\.0\.1:\d+: connect ECONNREFUSED/),
  });
});

test("an attempt that is to end closes its connection, and its reason is the reason of the attempt", async () => {
  const connected = Promise.withResolvers<Socket>();
  const silent = await silentServer(connected.resolve);
  const { send, abort } = emailHandler(`smtp://127.0.0.1:${silent.port}`);
  const sent = send({});
  const socket = await connected.promise;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  abort.abort(new RunAborted("timeout"));
  await expect(sent).rejects.toMatchObject({ code: "timeout" });
  await closed;
  silent.close();
});

test("no more connections than the limit are open at once, and those that wait can be ended", async () => {
  const silent = await silentServer((socket) => void socket.resume());
  const { send, abort } = emailHandler(`smtp://127.0.0.1:${silent.port}`, { limits: { connectionsMax: 2 } });
  const sent = Array.from({ length: 5 }, () => send({}));
  while (silent.sockets.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort(new RunAborted("shutdown"));
  const ends = await Promise.allSettled(sent);
  expect(ends.map((end) => (end.status === "rejected" ? (end.reason as RunAborted).code : end.status))).toEqual(Array(5).fill("shutdown"));
  expect(silent.sockets).toHaveLength(2);
  silent.close();
});

test("a message without a sender is not sent", async () => {
  const { port } = await mailServer();
  expect(await emailHandler(`smtp://127.0.0.1:${port}`, { from: null }).readFault({})).toMatchObject({
    code: "email_address",
    retryable: false,
    message: "the message has no sender: set `from`, or SMTP_FROM for the executor",
  });
});

describe("files as attachments", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tickline-email-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const attach = (file: string) => ({
    attachments: [{ filename: "report.csv", content: null, file, encoding: "utf8" as const, contentType: null }],
  });

  test("a file of the folder is sent", async () => {
    writeFileSync(path.join(folder, "report.csv"), "a,b\n");
    const { received, port } = await mailServer();
    await emailHandler(`smtp://127.0.0.1:${port}`, { filesDir: folder }).send(attach("report.csv"));
    expect(received[0]?.mail.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([["report.csv", "a,b\n"]]);
  });

  test.each([
    ["../secret", { code: "bad_path", retryable: false }],
    ["missing.csv", { code: "file_not_found", retryable: true }],
    ["large.bin", { code: "email_attachment", retryable: false }],
  ])("%s is not", async (file, fault) => {
    writeFileSync(path.join(folder, "large.bin"), Buffer.alloc(10_485_761));
    const { received, port } = await mailServer();
    expect(await emailHandler(`smtp://127.0.0.1:${port}`, { filesDir: folder }).readFault(attach(file))).toMatchObject(fault);
    expect(received).toEqual([]);
  });

  test("an executor without a folder of files sends none", async () => {
    const { port } = await mailServer();
    expect(await emailHandler(`smtp://127.0.0.1:${port}`).readFault(attach("report.csv"))).toMatchObject({ code: "files_not_allowed" });
  });
});
