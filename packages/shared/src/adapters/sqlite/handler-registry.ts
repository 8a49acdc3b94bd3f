import type { DatabaseSync } from "node:sqlite";
import type { HandlerDescription, HandlerRegistry } from "../../ports/store/handler-registry.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { mapReadable } from "../../runtime/batch/map-readable.ts";
import type { Answering } from "./context.ts";
import { query } from "./rows.ts";

export function openHandlerRegistry(db: DatabaseSync, onUnreadable: OnUnreadable): Answering<HandlerRegistry> {
  const upsert = db.prepare("INSERT INTO handlers (type, description) VALUES (?1, ?2) ON CONFLICT (type) DO UPDATE SET description = ?2");
  const select = query<{ type: string; description: string }>(db, "SELECT type, description FROM handlers ORDER BY type");
  return {
    publish(handlers) {
      for (const handler of handlers) upsert.run(handler.type, JSON.stringify(handler));
    },
    list: () =>
      mapReadable(select.all(), {
        kind: "handler",
        idOf: ({ type }) => type,
        map: ({ description }) => JSON.parse(description) as HandlerDescription,
        onUnreadable,
      }),
  };
}
