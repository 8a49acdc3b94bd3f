import { z } from "zod";

/** Recipients of one message: to, cc and bcc together. */
export const RECIPIENTS_MAX = 100;
const ADDRESS_LENGTH_MAX = 320;
const SUBJECT_LENGTH_MAX = 500;
const ATTACHMENTS_MAX = 20;
const NAME_LENGTH_MAX = 200;

/** `ada@example.com`, or `Ada Lovelace <ada@example.com>`. One line: another could begin a header. */
const ADDRESS = /^(?:[^<>\r\n,;]*<[^\s<>@,;]+@[^\s<>@,;]+>|[^\s<>@,;]+@[^\s<>@,;]+)$/;
export const MailAddressSchema = z
  .string()
  .max(ADDRESS_LENGTH_MAX)
  .regex(ADDRESS, "must be an address, such as ada@example.com or Ada Lovelace <ada@example.com>");
const oneLine = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^[^\r\n]*$/, "must be one line");

const addresses = () =>
  z
    .union([MailAddressSchema, z.array(MailAddressSchema).max(RECIPIENTS_MAX)])
    .default([])
    .meta({ description: "One address or a list." });

const AttachmentSchema = z
  .strictObject({
    filename: oneLine(NAME_LENGTH_MAX).regex(/^[^/\\]*$/, "must be a name without a folder"),
    content: z.string().nullable().default(null).meta({ description: "The content, as text or in base64." }),
    file: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: "Instead of `content`: a file in the executor's folder of files (FILES_DIR)." }),
    encoding: z.enum(["utf8", "base64"]).default("utf8").meta({ description: "Of `content`." }),
    contentType: z
      .string()
      .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/i, "must be a media type, such as text/csv")
      .nullable()
      .default(null)
      .meta({ description: "The media type. Default: by the name." }),
  })
  .refine(({ content, file }) => (content === null) !== (file === null), "must have either content or file");
export type Attachment = z.output<typeof AttachmentSchema>;

/** One message. */
export const EmailParamsSchema = z
  .strictObject({
    to: addresses(),
    cc: addresses(),
    bcc: addresses(),
    from: MailAddressSchema.nullable().default(null).meta({ description: "The sender. Default: SMTP_FROM." }),
    replyTo: MailAddressSchema.nullable().default(null),
    subject: oneLine(SUBJECT_LENGTH_MAX),
    text: z.string().nullable().default(null),
    html: z.string().nullable().default(null),
    template: z.boolean().default(false).meta({ description: "Whether `subject`, `text` and `html` are templates of Liquid." }),
    data: z.record(z.string(), z.json()).default({}).meta({ description: "Values for the templates, as `data.name`." }),
    attachments: z.array(AttachmentSchema).max(ATTACHMENTS_MAX).default([]),
  })
  .superRefine(({ to, cc, bcc, text, html }, context) => {
    const recipients = [to, cc, bcc].flat().length;
    const refuse = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
    if (recipients === 0) refuse("to", "must name a recipient, here or in cc or bcc");
    if (recipients > RECIPIENTS_MAX) refuse("to", `must be at most ${RECIPIENTS_MAX} recipients, with those of cc and bcc`);
    if (text === null && html === null) refuse("text", "must be given, or html, or both");
  });

export type EmailParams = z.output<typeof EmailParamsSchema>;
