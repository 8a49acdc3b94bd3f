import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { FileFault, systemCode } from "../files/file-fault.ts";
import type { FilesFolder } from "../files/files-folder.ts";
import { EmailFault } from "./email-fault.ts";
import type { Attachment } from "./email-params.ts";

/** All files that one message may have attached, in bytes. Many servers take no more. */
const FILES_BYTES_MAX = 10_485_760;

export interface ReadAttachment {
  readonly filename: string;
  readonly content: Buffer;
  readonly contentType?: string;
}

/** The attachments with their content. Throws a `FileFault` for a file that cannot be read, an `EmailFault` for files that are too large. */
export async function readAttachments(attachments: readonly Attachment[], files: FilesFolder): Promise<ReadAttachment[]> {
  const read: ReadAttachment[] = [];
  let restBytes = FILES_BYTES_MAX;
  for (const { filename, content, file, encoding, contentType } of attachments) {
    const bytes = file === null ? Buffer.from(content ?? "", encoding) : await readFile(file, files, restBytes);
    if (file !== null) restBytes -= bytes.length;
    read.push({ filename, content: bytes, ...(contentType === null ? {} : { contentType }) });
  }
  return read;
}

async function readFile(file: string, files: FilesFolder, bytesMax: number): Promise<Buffer> {
  const { path, bytes } = await files.locate(file);
  if (bytes > bytesMax) {
    throw new EmailFault("email_attachment", `the attached files, with "${file}", have more than ${FILES_BYTES_MAX} bytes`, {
      retryable: false,
    });
  }
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const content = Buffer.alloc(bytes); // A file that grows meanwhile is not read further.
    const { bytesRead } = await handle.read(content, 0, bytes, 0);
    return content.subarray(0, bytesRead);
  } catch (fault) {
    throw new FileFault("file_unusable", `the file "${file}" cannot be read (${systemCode(fault)})`);
  }
}
