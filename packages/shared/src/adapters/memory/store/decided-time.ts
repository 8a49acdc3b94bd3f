import type { DecidedTime } from "../../../ports/decided-time.ts";
import type { MemoryState } from "./state.ts";

export const createDecidedTime = (state: MemoryState): DecidedTime => ({
  async latest() {
    return state.decidedAt;
  },
  async note(now) {
    state.decidedAt = Math.max(state.decidedAt, now);
  },
});
