import type { Digest } from "@tickline/shared/domain/digest";
import { CURSOR, PAGE_PARAMETERS, SEAL_LENGTH } from "./list-query.ts";
import { faults, parsed, type Parsed } from "../request/parsed.ts";

/** The list that a cursor belongs to: the path and its filters in the order of the schema, without the parameters of every list. */
export type ListIdentity = string;

export const listIdentity = (path: string, filters: Readonly<Record<string, unknown>>): ListIdentity =>
  JSON.stringify([path, Object.entries(filters).filter(([name, value]) => !PAGE_PARAMETERS.has(name) && value !== undefined)]);

/** Opaque to clients. A hash of the list and the store's own cursor seals it, so a cursor of another list, or a changed one, is detected. */
export function sealCursor(digest: Digest, list: ListIdentity, cursor: string): string {
  return Buffer.from(hashCursor(digest, list, cursor) + cursor).toString("base64url");
}

/** The store's own cursor, from a cursor that `sealCursor` made for this list. */
export function openCursor(digest: Digest, list: ListIdentity, text: string): Parsed<string> {
  const sealed = CURSOR.test(text) ? Buffer.from(text, "base64url").toString() : "";
  const cursor = sealed.slice(SEAL_LENGTH);
  const intact = cursor !== "" && sealCursor(digest, list, cursor) === text;
  return intact
    ? parsed(cursor)
    : faults({
        pointer: "/cursor",
        code: "invalid_cursor",
        message: "is no cursor of this list: use a nextCursor as it was given, with the same filters",
      });
}

const hashCursor = (digest: Digest, list: ListIdentity, cursor: string): string =>
  digest(`cursor\n${list}\n${cursor}`).slice(0, SEAL_LENGTH);
