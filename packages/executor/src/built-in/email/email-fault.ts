import { BuiltInFault } from "../built-in-fault.ts";

type EmailFaultCode = "email_address" | "email_attachment" | "email_template" | "smtp_auth" | "smtp_network" | "smtp_refused";

/** Why a message was not sent. */
export class EmailFault extends BuiltInFault<EmailFaultCode> {
  override readonly name = "EmailFault";
}

/** What nodemailer throws: its own code, and the answer of the server if there was one. */
interface SendFault {
  readonly code?: string;
  readonly message: string;
  readonly responseCode?: number;
}

/** Answers from 500 on are final: the same message would be refused again (RFC 5321, 4.2.1). */
const FINAL_FROM = 500;

/** What a failed delivery means for the run. Pure. */
export function toEmailFault(thrown: unknown, server: string): EmailFault {
  const { code = "", message, responseCode = 0 } = thrown as SendFault;
  const final = responseCode >= FINAL_FROM;
  if (code === "EAUTH") {
    // A server that is busy says 4xx here too; without an answer it offers no login that can be used.
    const retryable = responseCode > 0 && !final;
    return new EmailFault("smtp_auth", `${server} does not accept the login of SMTP_URL: ${message}`, { retryable });
  }
  if (responseCode > 0 && code !== "ETLS")
    return new EmailFault("smtp_refused", `${server} refused the message: ${message}`, { retryable: !final });
  return new EmailFault("smtp_network", `${server}: ${message}${code === "" ? "" : ` (${code})`}`, { retryable: true });
}
