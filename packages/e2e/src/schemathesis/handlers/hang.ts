import { once } from "node:events";
import { defineHandler } from "tickline";
import { z } from "zod";

export default defineHandler({
  type: "hang",
  description: "Goes on until it is asked to end.",
  params: z.record(z.string(), z.json()),
  run: async ({ signal }) => {
    if (!signal.aborted) await once(signal, "abort");
    return null;
  },
});
