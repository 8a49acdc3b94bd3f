import type { JsonObject } from "../../domain/json.ts";
import type { HandlerRegistry } from "../../ports/handler-registry.ts";
import type { StoreContext } from "./context.ts";

export const createHandlerRegistry = ({ rows: { handlers } }: StoreContext): HandlerRegistry => ({
  async publish(descriptions) {
    const byType = descriptions.toSorted((left, right) => (left.type < right.type ? -1 : 1));
    await handlers.put(
      byType.map(({ type, description, paramsSchema, lastSeenAt }) => ({
        _id: type,
        description,
        paramsSchema: JSON.stringify(paramsSchema),
        lastSeenAt,
      })),
    );
  },
  async list() {
    const rows = await handlers.find({}, { sort: { _id: 1 } });
    return rows.map(({ _id, description, paramsSchema, lastSeenAt }) => ({
      type: _id,
      description,
      paramsSchema: JSON.parse(paramsSchema) as JsonObject,
      lastSeenAt,
    }));
  },
});
