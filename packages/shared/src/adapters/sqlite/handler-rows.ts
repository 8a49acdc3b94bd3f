import type { DatabaseSync } from "node:sqlite";
import type { HandlerDescription } from "../../ports/handler-registry.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { mapReadable } from "../../runtime/map-readable.ts";

export interface HandlerRows {
  publish(request: { readonly handlers: readonly HandlerDescription[] }): void;
  list(): HandlerDescription[];
}

export function openHandlerRows(db: DatabaseSync, onUnreadable: OnUnreadable): HandlerRows {
  const upsert = db.prepare("INSERT INTO handlers (type, description) VALUES (?1, ?2) ON CONFLICT (type) DO UPDATE SET description = ?2");
  const select = db.prepare("SELECT type, description FROM handlers ORDER BY type");
  return {
    publish({ handlers }) {
      for (const handler of handlers) upsert.run(handler.type, JSON.stringify(handler));
    },
    list: () =>
      mapReadable(select.all(), {
        kind: "handler",
        idOf: (row) => String(row["type"]),
        map: (row) => JSON.parse(row["description"] as string) as HandlerDescription,
        onUnreadable,
      }),
  };
}
