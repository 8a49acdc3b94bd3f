import { AppError } from "../../../domain/app-error.ts";
import type { RequestBinding, Requests } from "../../../ports/requests.ts";
import type { BindingRow } from "../collections/collections.ts";
import type { StoreContext } from "../context.ts";

/** Rounds of a bind whose earlier binding was swept just then. */
const ROUNDS_MAX = 5;

export const createRequests = ({ rows: { requests }, digest }: StoreContext): Requests => ({
  async bind(tenantId, binding) {
    const { scope, key } = binding;
    const row: BindingRow = { _id: digest(JSON.stringify([tenantId, scope, key])), tenantId, ...binding };
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      if ((await requests.insert([row])).length === 0) return binding;
      const [present] = await requests.find({ _id: { $eq: row._id } });
      if (present !== undefined) return bindingOf(present);
    }
    throw new AppError("store_unavailable", `bind ${scope}: its binding came and went`, { retryable: true });
  },
});

const bindingOf = ({ scope, key, fingerprint, value, boundAt }: BindingRow): RequestBinding => ({
  scope,
  key,
  fingerprint,
  value,
  boundAt,
});
