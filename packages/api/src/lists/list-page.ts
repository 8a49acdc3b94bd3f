import type { Digest } from "@tickline/shared/domain/digest";
import { evaluate } from "@tickline/shared/domain/evaluation";
import type { Page, PageRequest, UnreadableItem } from "@tickline/shared/ports/page";
import { z } from "zod";
import { content, JSON_TYPE, type Answer } from "../http/answer.ts";
import type { PageQuery } from "./list-query.ts";
import { listIdentity, openCursor, sealCursor } from "./list-cursor.ts";
import { invalidRequest } from "../problems/problem.ts";

const UnreadableView = z
  .object({ id: z.string(), reason: z.string() })
  .meta({ id: "Unreadable", description: "A row of the list that cannot be read: its id and the reason." });

/** The schema of a page of a list. */
export const pageView = <Item extends z.ZodType>(id: string, item: Item) =>
  z
    .object({
      items: z.array(item),
      unreadable: z
        .array(UnreadableView)
        .optional()
        .meta({ description: "The rows of this page that cannot be read and are not among the items. Left out if there are none." }),
      nextCursor: z
        .string()
        .nullable()
        .meta({ description: 'Opaque; null at the end. The header `Link: <…>; rel="next"` has the same cursor.' }),
    })
    .meta({ id });

/** Largest number of items of one read of the store. A longer page is read in several parts, so that items that do not fit are mostly not read. */
const PART_ITEMS_MAX = 50;

export interface PageLimits {
  readonly pageBytesMax: number;
}

export interface ListRequest<Item> {
  readonly path: string;
  readonly querystring: string;
  /** The parsed query: filters, and the parameters of every list. */
  readonly query: Readonly<Record<string, unknown>> & Pick<PageQuery, "limit" | "cursor">;
  readonly read: (page: PageRequest) => Promise<Page<Item>>;
  /** The JSON of an item. */
  readonly text: (item: Item) => string;
  readonly toId: (item: Item) => string;
}

/**
 * One page of a list, with the cursor of the next page in the body and as a `Link`. It ends at `limit` items, or before the item that would
 * make it too long; it has at least one item. An item that cannot be shown does not affect the others.
 */
export async function answerPage<Item>(
  { digest, limits }: { readonly digest: Digest; readonly limits: PageLimits },
  request: ListRequest<Item>,
): Promise<Answer> {
  const { path, querystring, query } = request;
  const list = listIdentity(path, query);
  const opened = query.cursor === undefined ? null : openCursor(digest, list, query.cursor);
  if (opened?.kind === "faults") return invalidRequest(opened.faults);
  const page = await readPage(request, { limit: query.limit, cursor: opened?.value ?? null }, limits.pageBytesMax);
  const next = page.nextCursor === null ? null : sealCursor(digest, list, page.nextCursor);
  const headers = next === null ? null : { Link: `<${path}?${withCursor(querystring, next)}>; rel="next"` };
  const left = page.unreadable.length === 0 ? "" : `"unreadable":${JSON.stringify(page.unreadable)},`;
  return content(JSON_TYPE, `{"items":[${page.texts.join(",")}],${left}"nextCursor":${JSON.stringify(next)}}`, headers);
}

/** Items as text, and the cursor of the next page. */
interface Shown {
  readonly texts: readonly string[];
  readonly unreadable: readonly UnreadableItem[];
  readonly nextCursor: string | null;
}

async function readPage<Item>(request: ListRequest<Item>, { limit, cursor }: PageRequest, bytesMax: number): Promise<Shown> {
  const texts: string[] = [];
  const unreadable: UnreadableItem[] = [];
  let nextCursor = cursor;
  let bytesLeft = bytesMax;
  for (let itemsLeft = limit; itemsLeft > 0; itemsLeft -= PART_ITEMS_MAX) {
    const wanted = { limit: Math.min(itemsLeft, PART_ITEMS_MAX), cursor: nextCursor };
    const part = await readPart(request, wanted, { bytesLeft, mayBeEmpty: nextCursor !== cursor });
    if (part === null) break;
    texts.push(...part.texts);
    unreadable.push(...part.unreadable);
    nextCursor = part.nextCursor;
    if (nextCursor === null || part.isCut || itemsLeft <= PART_ITEMS_MAX) break;
    bytesLeft -= countBytes(part.texts);
  }
  return { texts, unreadable, nextCursor };
}

/**
 * A part of a page. If it is too long, it is read again with as many items as fit: only the store has the cursor after an item, and items
 * that were inserted meanwhile are in the same answer. Null: not even one item fits.
 */
async function readPart<Item>(
  request: ListRequest<Item>,
  wanted: PageRequest,
  { bytesLeft, mayBeEmpty }: { readonly bytesLeft: number; readonly mayBeEmpty: boolean },
): Promise<(Shown & { readonly isCut: boolean }) | null> {
  let { limit } = wanted;
  for (;;) {
    const page = await request.read({ ...wanted, limit });
    const shown = showItems(page, request);
    const fitting = countFitting(shown.texts, bytesLeft);
    const fits = fitting === shown.texts.length;
    if (fits || (limit === 1 && !mayBeEmpty)) return { ...shown, nextCursor: page.nextCursor, isCut: limit < wanted.limit };
    if (fitting === 0 && mayBeEmpty) return null;
    limit = Math.max(1, Math.min(fitting, limit - 1));
  }
}

function countFitting(texts: readonly string[], bytesLeft: number): number {
  // A character has at most three bytes. This quick test is enough for most pages, because they are short.
  if (texts.reduce((sum, text) => sum + 3 * text.length + 1, 0) <= bytesLeft) return texts.length;
  let bytes = 0;
  const over = texts.findIndex((text) => (bytes += Buffer.byteLength(text) + 1) > bytesLeft);
  return over === -1 ? texts.length : over;
}

/** Includes a comma for each text. */
const countBytes = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);

function showItems<Item>(
  page: Page<Item>,
  { text, toId }: Pick<ListRequest<Item>, "text" | "toId">,
): { readonly texts: readonly string[]; readonly unreadable: readonly UnreadableItem[] } {
  const unreadable: UnreadableItem[] = [...(page.unreadable ?? [])];
  const texts: string[] = [];
  for (const item of page.items) {
    const shown = evaluate(() => text(item));
    if (shown.kind === "evaluated") texts.push(shown.value);
    else unreadable.push({ id: toId(item), reason: shown.reason });
  }
  return { texts, unreadable };
}

/** The same query with another cursor, which needs no escaping. */
function withCursor(querystring: string, cursor: string): string {
  if (querystring === "") return `cursor=${cursor}`;
  const search = new URLSearchParams(querystring);
  search.set("cursor", cursor);
  return search.toString();
}
