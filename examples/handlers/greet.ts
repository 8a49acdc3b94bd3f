// A handler of your own. Start Tickline with `--handlers examples/handlers`, and jobs may name it: { "handler": "greet" }.
import { defineHandler } from "tickline";
import { z } from "zod";

export default defineHandler({
  type: "greet",
  description: "Says hello.",
  params: z.object({ who: z.string().min(1).default("world") }),
  run: ({ params, attempt, log }) => {
    log.info("greeting", { attempt });
    return { said: `hello ${params.who}` };
  },
});
