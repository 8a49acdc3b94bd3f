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
  .meta({ id: "Unreadable", description: "What stands in the list and cannot be read: its id, and why." });

/** A part of a list as answers show it. */
export const pageView = <Item extends z.ZodType>(id: string, item: Item) =>
  z
    .object({
      items: z.array(item),
      unreadable: z
        .array(UnreadableView)
        .optional()
        .meta({ description: "What of this part cannot be read, and so is not among the items. Mostly left out." }),
      nextCursor: z.string().nullable().meta({ description: 'Opaque; null at the end. `Link: <…>; rel="next"` says the same.' }),
    })
    .meta({ id });

/** Items that one read of the store takes. A longer page is read in several, so that what does not fit is not read either. */
const PART_ITEMS_MAX = 50;

export interface PageLimits {
  readonly pageBytesMax: number;
}

export interface ListRequest<Item> {
  readonly path: string;
  readonly querystring: string;
  /** The query as parsed: filters, and those of every list. */
  readonly query: Readonly<Record<string, unknown>> & Pick<PageQuery, "limit" | "cursor">;
  readonly read: (page: PageRequest) => Promise<Page<Item>>;
  /** The JSON of an item. */
  readonly text: (item: Item) => string;
  readonly idOf: (item: Item) => string;
}

/**
 * One page of a list, with the way to the next in the body and as a `Link`. It ends at `limit` items, or before the item
 * that would make it too long; one item is always there. An item that cannot be shown keeps no other from it.
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

/** Items as text, and where the list goes on. */
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
    bytesLeft -= bytesOf(part.texts);
  }
  return { texts, unreadable, nextCursor };
}

/**
 * A part of a page. Where it is too long, it is read again with as many items as fit: only the store says where the list
 * goes on behind an item, and what was inserted meanwhile is in the items of the same answer. Null: not even one fits.
 */
async function readPart<Item>(
  request: ListRequest<Item>,
  wanted: PageRequest,
  { bytesLeft, mayBeEmpty }: { readonly bytesLeft: number; readonly mayBeEmpty: boolean },
): Promise<(Shown & { readonly isCut: boolean }) | null> {
  let { limit } = wanted;
  for (;;) {
    const page = await request.read({ ...wanted, limit });
    const shown = textsOf(page, request);
    const fitting = countFitting(shown.texts, bytesLeft);
    const fits = fitting === shown.texts.length;
    if (fits || (limit === 1 && !mayBeEmpty)) return { ...shown, nextCursor: page.nextCursor, isCut: limit < wanted.limit };
    if (fitting === 0 && mayBeEmpty) return null;
    limit = Math.max(1, Math.min(fitting, limit - 1));
  }
}

function countFitting(texts: readonly string[], bytesLeft: number): number {
  // No character has more bytes than three. Found out without counting them, as most pages are short.
  if (texts.reduce((sum, text) => sum + 3 * text.length + 1, 0) <= bytesLeft) return texts.length;
  let bytes = 0;
  const over = texts.findIndex((text) => (bytes += Buffer.byteLength(text) + 1) > bytesLeft);
  return over === -1 ? texts.length : over;
}

/** With a comma for each. */
const bytesOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);

function textsOf<Item>(
  page: Page<Item>,
  { text, idOf }: Pick<ListRequest<Item>, "text" | "idOf">,
): { readonly texts: readonly string[]; readonly unreadable: readonly UnreadableItem[] } {
  const unreadable: UnreadableItem[] = [...(page.unreadable ?? [])];
  const texts: string[] = [];
  for (const item of page.items) {
    const shown = evaluate(() => text(item));
    if (shown.kind === "evaluated") texts.push(shown.value);
    else unreadable.push({ id: idOf(item), reason: shown.reason });
  }
  return { texts, unreadable };
}

/** The same query with another cursor. Ours needs no escaping. */
function withCursor(querystring: string, cursor: string): string {
  if (querystring === "") return `cursor=${cursor}`;
  const search = new URLSearchParams(querystring);
  search.set("cursor", cursor);
  return search.toString();
}
