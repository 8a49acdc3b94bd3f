import type { JsonObject } from "../../domain/json/json.ts";
import type { HandlerRegistry } from "../../ports/store/handler-registry.ts";
import { mapReadable } from "../../runtime/batch/map-readable.ts";
import type { StoreContext } from "./context.ts";

export const createHandlerRegistry = ({ rows: { handlers }, onUnreadable }: StoreContext): HandlerRegistry => ({
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
    return mapReadable(rows, {
      kind: "handler",
      idOf: ({ _id }) => _id,
      map: ({ _id, description, paramsSchema, lastSeenAt }) => ({
        type: _id,
        description,
        paramsSchema: JSON.parse(paramsSchema) as JsonObject,
        lastSeenAt,
      }),
      onUnreadable,
    });
  },
});
