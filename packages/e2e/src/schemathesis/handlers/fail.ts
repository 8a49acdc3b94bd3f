import { defineHandler } from "tickline";
import { z } from "zod";

export default defineHandler({
  type: "fail",
  description: "Fails.",
  params: z.record(z.string(), z.json()),
  run: () => {
    throw new Error("on purpose");
  },
});
