import type { HandlerRegistry } from "../../../ports/handler-registry.ts";
import type { MemoryState } from "./state.ts";

export const createHandlerRegistry = ({ handlers }: MemoryState): HandlerRegistry => ({
  async publish(descriptions) {
    for (const description of descriptions) handlers.set(description.type, description);
  },
  async list() {
    return [...handlers.values()].sort((left, right) => (left.type < right.type ? -1 : 1));
  },
});
