import type { Requests } from "../../../ports/store/requests.ts";
import type { BindingRow } from "../collections/collections.ts";
import type { StoreContext } from "../context.ts";
import { inRounds } from "../in-rounds.ts";

export const createRequests = ({ rows: { requests }, digest }: StoreContext): Requests => ({
  bind(tenantId, binding) {
    const { scope, key } = binding;
    const row: BindingRow = { _id: digest(JSON.stringify([tenantId, scope, key])), tenantId, ...binding };
    // Between two rounds a sweep has deleted the earlier binding.
    return inRounds(`bind ${scope}`, async () => {
      if ((await requests.insert([row])).length === 0) return binding;
      const [present] = await requests.find({ _id: { $eq: row._id } });
      if (present === undefined) return null;
      const { _id, tenantId: _tenantId, ...earlier } = present;
      return earlier;
    });
  },
});
