import type { Clock } from "@tickline/shared/ports/clock";
import { toIso } from "@tickline/shared/domain/time/instant";
import { defineHandler, type Handler, type HandlerContext } from "../../handlers/handler.ts";
import type { FilesFolder } from "../files/files-folder.ts";
import { createSlots, type Slots } from "../slots.ts";
import { EmailFault, toEmailFault } from "./email-fault.ts";
import { EmailParamsSchema, type EmailParams } from "./email-params.ts";
import { renderTemplate } from "./mail-template.ts";
import { readAttachments } from "./read-attachments.ts";
import { sendMail, type Message, type SendLimits } from "./send-mail.ts";
import { showServer, type SmtpAddress } from "./smtp-address.ts";

export interface EmailHandlerDeps {
  readonly clock: Pick<Clock, "setTimer">;
  readonly address: SmtpAddress;
  readonly files: FilesFolder;
  /** The sender of messages that name none; null: each must. */
  readonly from: string | null;
}

export interface EmailHandlerLimits extends Partial<SendLimits> {
  /** Connections at once; further messages wait, within the timeout of their job. Default 5: many servers allow few for each client. */
  readonly connectionsMax?: number;
}

export interface EmailOutput {
  readonly messageId: string;
  /** Addresses that the server took. */
  readonly accepted: readonly string[];
  /** Addresses that it refused, while it took others. */
  readonly rejected: readonly { readonly address: string; readonly why: string }[];
  /** What the server said at last. */
  readonly response: string;
}

/** The built-in handler `email`: hands one message to a mail server. */
export function createEmailHandler(
  deps: EmailHandlerDeps,
  { connectMs = 10_000, silenceMs = 60_000, connectionsMax = 5 }: EmailHandlerLimits = {},
): Handler<typeof EmailParamsSchema> {
  const sending = { ...deps, limits: { connectMs, silenceMs }, slots: createSlots(connectionsMax) };
  return {
    ...defineHandler({
      type: "email",
      description: "Sends one e-mail over the server of SMTP_URL.",
      params: EmailParamsSchema,
      run: (context) => sendEmail(context, sending),
    }),
    builtIn: true,
  };
}

interface Sending extends EmailHandlerDeps {
  readonly limits: SendLimits;
  readonly slots: Slots;
}

async function sendEmail(context: HandlerContext<EmailParams>, sending: Sending): Promise<EmailOutput> {
  const { address, files, from, clock, limits, slots } = sending;
  const { params, signal } = context;
  const text = toMessage(context, from); // Before it waits: what cannot be sent fails at once.
  const message = { ...text, attachments: await readAttachments(params.attachments, files) };
  const sent = await slots.run(signal, () =>
    sendMail(message, { address, clock, limits, signal }).catch((fault: unknown) => {
      signal.throwIfAborted();
      throw toEmailFault(fault, showServer(address));
    }),
  );
  const rejected = (sent.rejectedErrors ?? []).map(({ recipient, message: why }) => ({ address: recipient ?? "", why }));
  if (rejected.length > 0) context.log.warn("the mail server refused some recipients", { rejected });
  return { messageId: sent.messageId, accepted: sent.accepted.map(toAddress), rejected, response: sent.response };
}

const toAddress = (entry: string | { readonly address: string }): string => (typeof entry === "string" ? entry : entry.address);

function toMessage(context: HandlerContext<EmailParams>, sender: string | null): Message {
  const { params, runId, jobId } = context;
  const from = params.from ?? sender;
  if (from === null) {
    throw new EmailFault("email_address", "the message has no sender: set `from`, or SMTP_FROM for the executor", { retryable: false });
  }
  const { to, cc, bcc, replyTo } = params;
  return {
    from,
    to,
    cc,
    bcc,
    ...(replyTo === null ? {} : { replyTo }),
    ...toContent(context),
    messageId: `<${runId}@${domainOf(from)}>`, // The same on each attempt, so that a repeated message is recognised.
    headers: { "Tickline-Job-Id": jobId, "Tickline-Run-Id": runId },
  };
}

const domainOf = (address: string): string => /@([^\s<>@]+)>?$/.exec(address)?.[1] ?? "localhost";

function toContent(context: HandlerContext<EmailParams>): Pick<Message, "subject" | "text" | "html"> {
  const { subject, text, html, template } = context.params;
  const values = template ? templateValues(context) : {};
  const fill = (field: string, given: string): string =>
    template ? renderTemplate(given, values, { field, escapes: field === "html" }) : given;
  return {
    subject: fill("subject", subject).replaceAll(/\s+/g, " "), // A value may have line breaks.
    ...(text === null ? {} : { text: fill("text", text) }),
    ...(html === null ? {} : { html: fill("html", html) }),
  };
}

function templateValues({ params, runId, jobId, attempt, scheduledFor, lastRun }: HandlerContext<EmailParams>): object {
  return {
    data: params.data,
    run: {
      id: runId,
      jobId,
      attempt,
      scheduledFor: toIso(scheduledFor.getTime()),
      lastRun: lastRun === null ? null : { id: lastRun.runId, state: lastRun.state, scheduledFor: toIso(lastRun.scheduledFor.getTime()) },
    },
  };
}
