import type { DatabaseSync } from "node:sqlite";
import type { RequestBinding, Requests } from "../../../ports/store/requests.ts";
import type { Answering } from "../context.ts";
import { query } from "../rows.ts";

export function openRequests(db: DatabaseSync): Answering<Requests> {
  const select = query<RequestBinding>(
    db,
    "SELECT scope, key, fingerprint, value, bound_at AS boundAt FROM requests WHERE tenant = ? AND scope = ? AND key = ?",
  );
  const insert = db.prepare("INSERT OR IGNORE INTO requests (tenant, scope, key, fingerprint, value, bound_at) VALUES (?, ?, ?, ?, ?, ?)");
  return {
    bind(tenantId, binding) {
      const { scope, key, fingerprint, value, boundAt } = binding;
      insert.run(tenantId, scope, key, fingerprint, value, boundAt);
      return select.get(tenantId, scope, key) ?? binding;
    },
  };
}
