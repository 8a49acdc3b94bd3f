import type { DatabaseSync } from "node:sqlite";
import type { RequestBinding } from "../../ports/requests.ts";

export function openBindings(
  db: DatabaseSync,
): (request: { readonly tenantId: string; readonly binding: RequestBinding }) => RequestBinding {
  const select = db.prepare("SELECT fingerprint, value, bound_at FROM requests WHERE tenant = ? AND scope = ? AND key = ?");
  const insert = db.prepare("INSERT INTO requests (tenant, scope, key, fingerprint, value, bound_at) VALUES (?, ?, ?, ?, ?, ?)");
  return ({ tenantId, binding }) => {
    const { scope, key, fingerprint, value, boundAt } = binding;
    const row = select.get(tenantId, scope, key);
    if (row !== undefined) {
      return { scope, key, fingerprint: row["fingerprint"] as string, value: row["value"] as string, boundAt: row["bound_at"] as number };
    }
    insert.run(tenantId, scope, key, fingerprint, value, boundAt);
    return { scope, key, fingerprint, value, boundAt };
  };
}
