import type { Digest } from "@tickline/shared/domain/digest";
import type { Page, PageRequest } from "@tickline/shared/ports/page";
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
}

/** One page of a list, with the way to the next in the body and as a `Link`. */
export async function pageAnswer<Item>(digest: Digest, { path, querystring, query, read, text }: ListRequest<Item>): Promise<Answer> {
  const { limit, cursor } = query;
  if (cursor === undefined) return answer(await read({ limit, cursor: null }));
  const opened = openCursor(digest, listIdentity(path, query), cursor);
  return opened.kind === "faults" ? invalidRequest(opened.faults) : answer(await read({ limit, cursor: opened.value }));

  function answer({ items, nextCursor }: Page<Item>): Answer {
    const next = nextCursor === null ? null : sealCursor(digest, listIdentity(path, query), nextCursor);
    const headers = next === null ? null : { Link: `<${path}?${withCursor(querystring, next)}>; rel="next"` };
    return content(JSON_TYPE, `{"items":[${items.map(text).join(",")}],"nextCursor":${JSON.stringify(next)}}`, headers);
  }
}

/** The same query with another cursor. Ours needs no escaping. */
function withCursor(querystring: string, cursor: string): string {
  if (querystring === "") return `cursor=${cursor}`;
  const search = new URLSearchParams(querystring);
  search.set("cursor", cursor);
  return search.toString();
}
