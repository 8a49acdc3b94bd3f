import { defineHandler } from "tickline";
import { z } from "zod";

export default defineHandler({
  type: "echo",
  description: "Takes any params, and returns them.",
  params: z.record(z.string(), z.json()),
  run: ({ params }) => params,
});
