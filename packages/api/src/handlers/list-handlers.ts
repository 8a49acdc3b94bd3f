import { toIso } from "@tickline/shared/domain/time/instant";
import { HandlerTypeSchema } from "@tickline/shared/domain/job/job-definition";
import { JsonObjectSchema } from "@tickline/shared/domain/json/json";
import type { HandlerDescription, HandlerRegistry } from "@tickline/shared/ports/store/handler-registry";
import type { Page, PageRequest } from "@tickline/shared/ports/page";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { pageQuery } from "../lists/list-query.ts";
import { answerPage, pageView } from "../lists/list-page.ts";
import { route, type Route } from "../http/route.ts";
import { InstantView } from "../views/instant-view.ts";

const HandlerView = z
  .object({
    type: HandlerTypeSchema,
    description: z.string().nullable(),
    paramsSchema: JsonObjectSchema.meta({ description: "JSON Schema 2020-12 of the params." }),
    lastSeenAt: InstantView.meta({ description: "When an executor last published it." }),
  })
  .meta({ id: "Handler" });

const HandlerQuery = z.object(pageQuery).omit({ include: true });

const showHandler = ({ type, description, paramsSchema, lastSeenAt }: HandlerDescription): z.infer<typeof HandlerView> => ({
  type,
  description,
  paramsSchema,
  lastSeenAt: toIso(lastSeenAt),
});

/** `GET /handlers` */
export const listHandlersRoute = ({ handlers, digest, config }: ApiContext): Route =>
  route({
    method: "get",
    path: "/handlers",
    query: HandlerQuery,
    docs: {
      operationId: "listHandlers",
      tag: "Handlers",
      summary: "List the handlers of the executors",
      responses: { 200: { description: "A page of handlers, by type.", schema: pageView("HandlerPage", HandlerView), headers: ["Link"] } },
      problems: [],
    },
    handle: ({ query, path, querystring }) =>
      answerPage(
        { digest, limits: config },
        {
          path,
          querystring,
          query,
          text: (handler) => JSON.stringify(showHandler(handler)),
          toId: ({ type }) => type,
          read: readOncePaged(handlers.list),
        },
      ),
  });

/** Pages of a list that is read once, as a whole. The cursor is the type of the last handler. */
function readOncePaged(list: HandlerRegistry["list"]): (request: PageRequest) => Promise<Page<HandlerDescription>> {
  let all: ReturnType<HandlerRegistry["list"]> | null = null;
  return async ({ limit, cursor }) => {
    const left = (await (all ??= list())).filter(({ type }) => cursor === null || type > cursor);
    const items = left.slice(0, limit);
    return { items, nextCursor: left.length > limit ? (items.at(-1)?.type ?? null) : null };
  };
}
