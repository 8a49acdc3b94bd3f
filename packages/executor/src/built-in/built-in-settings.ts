import { defineSetting, wholeNumber } from "@tickline/shared/runtime/config/config";
import { AllowedCommandsSchema } from "./command/allowed-commands.ts";
import { MailAddressSchema } from "./email/email-params.ts";
import { SmtpUrlSchema } from "./email/smtp-address.ts";
import { z } from "zod";
import { egressEntryFault } from "./egress/egress-allow.ts";

const egressAllow = z
  .string()
  .optional()
  .transform((text) => text?.split(",").map((entry) => entry.trim()) ?? [])
  .superRefine((entries, context) => {
    for (const message of entries.map(egressEntryFault)) if (message !== null) context.addIssue({ code: "custom", message });
  });

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
  egressAllow: defineSetting({
    env: "EGRESS_ALLOW",
    flag: null,
    placeholder: "LIST",
    fallback: null,
    schema: egressAllow,
    description:
      "To whom jobs may connect besides public addresses, separated by commas: networks (`10.0.0.0/8`), addresses, host names (`db.internal`, `*.internal`), `loopback`, `private`, or `*` for all. Each may have a port (`db.internal:8080`). If `HOST` is a loopback address, loopback and private addresses are open without it.",
  }),
  httpHostRequests: defineSetting({
    env: "HTTP_HOST_REQUESTS",
    flag: null,
    placeholder: "COUNT",
    fallback: null,
    schema: wholeNumber(1, 10_000).optional(),
    description:
      "Requests of `http` to one host at once; further ones wait, within the timeout of their jobs. Default: as many as there are workers.",
  }),
  signingKeysFile: defineSetting({
    env: "SIGNING_KEYS_FILE",
    flag: null,
    placeholder: "FILE",
    fallback: null,
    schema: z.string().min(1).optional(),
    description: "File with the keys that sign requests of `http` (`sign`): lines of `name=whsec_…`. It is read once, at start.",
  }),
  filesDir: defineSetting({
    env: "FILES_DIR",
    flag: "files",
    placeholder: "DIR",
    fallback: null,
    schema: z.string().min(1).optional(),
    description: "Folder whose files jobs may read and write. Without it jobs use no files.",
  }),
  computeThreads: defineSetting({
    env: "COMPUTE_THREADS",
    flag: null,
    placeholder: "COUNT",
    fallback: "2",
    schema: wholeNumber(1, 64),
    description: "Threads in which `compute` runs at once. Further attempts wait, within the timeout of their jobs.",
  }),
  computeMemoryMb: defineSetting({
    env: "COMPUTE_MEMORY_MB",
    flag: null,
    placeholder: "MIB",
    fallback: "1024",
    schema: wholeNumber(64, 65_536),
    description: "Memory of each thread of `compute`, in MiB. An attempt that needs more fails with `compute_memory`.",
  }),
};
