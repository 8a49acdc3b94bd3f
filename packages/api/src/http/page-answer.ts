import type { Digest } from "@tickline/shared/domain/digest";
import { evaluate } from "@tickline/shared/domain/evaluation";
import type { Page, PageRequest, UnreadableItem } from "@tickline/shared/ports/page";
import { content, JSON_TYPE, type Answer } from "./answer.ts";
import { listIdentity, openCursor, sealCursor } from "./page-cursor.ts";
import { invalidRequest } from "./problem.ts";

export interface ListRequest<Item> {
  readonly path: string;
  readonly querystring: string;
  /** The query as parsed: filters, `limit`, `cursor`. */
  readonly query: Readonly<Record<string, unknown>> & { readonly limit: number; readonly cursor?: string | undefined };
  readonly read: (page: PageRequest) => Promise<Page<Item>>;
  /** The JSON of an item. */
  readonly text: (item: Item) => string;
  readonly idOf: (item: Item) => string;
}

/** One page of a list, with the way to the next in the body and as a `Link`. An item that cannot be shown keeps no other from it. */
export async function pageAnswer<Item>(digest: Digest, { path, querystring, query, read, ...item }: ListRequest<Item>): Promise<Answer> {
  const { limit, cursor } = query;
  if (cursor === undefined) return answer(await read({ limit, cursor: null }));
  const opened = openCursor(digest, listIdentity(path, query), cursor);
  return opened.kind === "faults" ? invalidRequest(opened.faults) : answer(await read({ limit, cursor: opened.value }));

  function answer({ nextCursor, ...page }: Page<Item>): Answer {
    const { texts, unreadable } = textsOf(page, item);
    const next = nextCursor === null ? null : sealCursor(digest, listIdentity(path, query), nextCursor);
    const headers = next === null ? null : { Link: `<${path}?${withCursor(querystring, next)}>; rel="next"` };
    const left = unreadable.length === 0 ? "" : `"unreadable":${JSON.stringify(unreadable)},`;
    return content(JSON_TYPE, `{"items":[${texts.join(",")}],${left}"nextCursor":${JSON.stringify(next)}}`, headers);
  }
}

function textsOf<Item>(page: Omit<Page<Item>, "nextCursor">, { text, idOf }: Pick<ListRequest<Item>, "text" | "idOf">) {
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
