import { connect, type Socket } from "node:net";
import { createTransport } from "nodemailer";
import type { Clock } from "@tickline/shared/ports/clock";
import type { SmtpAddress } from "./smtp-address.ts";

type Transport = ReturnType<typeof createTransport>;
export type Message = Parameters<Transport["sendMail"]>[0];

/** What the server did with the message, of which it took some recipients at least. */
export interface SentMail {
  readonly messageId: string;
  readonly accepted: readonly (string | { readonly address: string })[];
  readonly rejectedErrors?: readonly { readonly recipient?: string; readonly message: string }[];
  /** Its last answer. */
  readonly response: string;
}

export interface SendLimits {
  /** Time to connect, in milliseconds. */
  readonly connectMs: number;
  /** Longest silence of the server, in milliseconds. */
  readonly silenceMs: number;
}

interface Sending {
  readonly address: SmtpAddress;
  readonly clock: Pick<Clock, "setTimer">;
  readonly limits: SendLimits;
  readonly signal: AbortSignal;
}

/**
 * Sends one message on a connection of its own, which ends when the signal is aborted. The socket is opened here, because nodemailer cannot end the
 * connection of a message that is on its way.
 */
export async function sendMail(message: Message, { address, clock, limits, signal }: Sending): Promise<SentMail> {
  const { host, port, secure, requireTLS, auth } = address;
  const socket = connect({ host, port });
  // Not with the reason of the signal: nodemailer writes a code of its own into the error.
  const onAbort = (): void => void socket.destroy(new Error("the attempt was asked to end"));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await connected(socket, { clock, connectMs: limits.connectMs });
    const transport = createTransport({
      host,
      port,
      secure,
      requireTLS,
      // Where plain text would do as well, a certificate that is not trusted is better than none.
      tls: { rejectUnauthorized: secure || requireTLS },
      ...(auth === null ? {} : { auth }),
      connection: socket,
      greetingTimeout: limits.connectMs,
      socketTimeout: limits.silenceMs,
      disableFileAccess: true, // A message of a job names no files and URLs of this machine.
      disableUrlAccess: true,
    });
    return (await transport.sendMail(message)) as SentMail;
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}

function connected(socket: Socket, { clock, connectMs }: { clock: Pick<Clock, "setTimer">; connectMs: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(connectMs, () => socket.destroy(new Error(`no connection within ${connectMs} ms`)));
    socket.once("error", reject);
    socket.once("connect", resolve);
    socket.once("close", () => {
      timer.cancel();
      reject(new Error("the connection was closed"));
    });
    socket.once("connect", () => timer.cancel());
  });
}
