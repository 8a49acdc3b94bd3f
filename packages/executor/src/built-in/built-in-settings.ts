import { defineSetting } from "@tickline/shared/runtime/config/config";
import { AllowedCommandsSchema } from "./command/allowed-commands.ts";
import { MailAddressSchema } from "./email/email-params.ts";
import { SmtpUrlSchema } from "./email/smtp-address.ts";

/** The settings of the built-in handlers in every process that runs them. */
export const BUILT_IN_OPTIONS = {
  allowCommands: defineSetting({
    env: "ALLOW_COMMANDS",
    flag: "allow-commands",
    placeholder: "[PROGRAMS]",
    fallback: null,
    schema: AllowedCommandsSchema,
    description:
      "Lets jobs start programs with the handler `command`: `any`, or the allowed programs, separated by commas, as names or absolute paths. Whoever may create jobs can then run these programs as the user of this process.",
  }),
  smtpUrl: defineSetting({
    env: "SMTP_URL",
    flag: null,
    placeholder: "URL",
    fallback: null,
    schema: SmtpUrlSchema.optional(),
    description:
      "The mail server of the handler `email`: `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. With a login, another machine must offer TLS, unless the URL ends in `?tls=optional`.",
  }),
  smtpFrom: defineSetting({
    env: "SMTP_FROM",
    flag: null,
    placeholder: "ADDRESS",
    fallback: null,
    schema: MailAddressSchema.optional(),
    description: "The sender of e-mails that name none, such as `Reports <reports@example.com>`.",
  }),
};
