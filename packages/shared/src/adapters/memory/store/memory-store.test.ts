import { sha256 } from "../../system/digest.ts";
import { storeContract } from "../../../testing/contracts/store.contract.ts";
import { START } from "../../../testing/factories.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import { createMemoryStore } from "./memory-store.ts";

storeContract("memory store", () => {
  const clock = manualClock(START);
  return { open: async () => createMemoryStore({ clock, digest: sha256 }), leases: "clock", advance: clock.advance };
});
