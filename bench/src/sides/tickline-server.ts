import { serveSide } from "./side.ts";
import { openTickline } from "./tickline.ts";

/** Serves the api, with nothing due. */
await serveSide<{ readonly dataDir: string }, { url: string }>(async ({ dataDir }) => {
  const tickline = await openTickline({ dataDir, concurrency: 1, onStart: () => undefined });
  await tickline.start();
  return { url: tickline.url };
});
