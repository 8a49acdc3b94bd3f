import type { AddressInfo } from "node:net";
import { afterEach } from "@jest/globals";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { START } from "@tickline/shared/testing/factories";
import { readRetryAfterMs, toRunError } from "../../attempt/thrown-error.ts";
import type { HandlerContext } from "../../handlers/handler.ts";
import { openFilesFolder } from "../files/files-folder.ts";
import { createEmailHandler, type EmailHandlerLimits, type EmailOutput } from "./email-handler.ts";
import { EmailParamsSchema, type EmailParams } from "./email-params.ts";
import { readSmtpUrl } from "./smtp-address.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export interface Received {
  readonly mail: ParsedMail;
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
}

/** A real mail server that keeps what it receives. */
export async function mailServer(options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, session, done) {
      void simpleParser(stream).then((mail) => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        received.push({ mail, from, to: rcptTo.map(({ address }) => address), secure: session.secure });
        done(null);
      });
    },
    ...options,
  });
  server.on("error", () => {}); // Of a client that went away.
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening()));
  closers.push(() => new Promise((closed) => server.close(() => closed())));
  return { received, port: (server.server.address() as AddressInfo).port };
}

export interface EmailSetup {
  readonly from?: string | null;
  readonly attempt?: number;
  readonly limits?: EmailHandlerLimits;
  readonly filesDir?: string;
}

export function emailHandler(url: string, { from = "Reports <reports@example.com>", attempt = 1, limits = {}, filesDir }: EmailSetup = {}) {
  const handler = createEmailHandler({ clock: systemClock, files: openFilesFolder(filesDir), address: readSmtpUrl(url), from }, limits);
  const abort = new AbortController();
  const warnings: unknown[] = [];
  const send = async (params: Partial<EmailParams>, runId = "RUN"): Promise<EmailOutput> => {
    const context = {
      params: EmailParamsSchema.parse({ to: "ada@example.com", subject: "Hello", text: "Text", ...params }),
      runId,
      jobId: "weekly",
      attempt,
      scheduledFor: new Date(START),
      lastRun: null,
      signal: abort.signal,
      log: { warn: (message: string, fields: unknown) => void warnings.push([message, fields]) },
    };
    return (await handler.run(context as unknown as HandlerContext<EmailParams>)) as EmailOutput;
  };
  const readFault = (params: Partial<EmailParams>) =>
    send(params).then(
      (output) => Promise.reject(new Error(`it succeeded: ${JSON.stringify(output)}`)),
      (thrown: unknown) => ({ ...toRunError(thrown), retryAfterMs: readRetryAfterMs(thrown) }),
    );
  return { send, readFault, abort, warnings };
}
