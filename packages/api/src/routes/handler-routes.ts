import { toIso } from "@tickline/shared/domain/instant";
import { HandlerTypeSchema } from "@tickline/shared/domain/job-definition";
import { JsonObjectSchema } from "@tickline/shared/domain/json";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { noQuery } from "../http/list-query.ts";
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

const HandlerList = z.object({ items: z.array(HandlerView) }).meta({ id: "HandlerList" });

export const handlerRoutes = ({ handlers }: ApiContext): Route[] => [
  route({
    method: "get",
    path: "/handlers",
    query: noQuery,
    docs: {
      operationId: "listHandlers",
      tag: "Handlers",
      summary: "List what executors can run",
      responses: { 200: { description: "By type.", schema: HandlerList } },
      problems: [],
    },
    async handle() {
      const items = await handlers.list();
      return json(200, {
        items: items.map(({ type, description, paramsSchema, lastSeenAt }) => ({
          type,
          description,
          paramsSchema,
          lastSeenAt: toIso(lastSeenAt),
        })),
      });
    },
  }),
];
