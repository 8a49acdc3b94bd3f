import type { Requests } from "../../../ports/requests.ts";
import type { MemoryState } from "./state.ts";

export const createRequests = ({ bindings, bindingsByAge }: MemoryState): Requests => ({
  async bind(tenantId, binding) {
    const name = JSON.stringify([tenantId, binding.scope, binding.key]);
    const present = bindings.get(name);
    if (present !== undefined) return present;
    bindings.set(name, binding);
    bindingsByAge.set(name, binding.boundAt, name);
    return binding;
  },
});
