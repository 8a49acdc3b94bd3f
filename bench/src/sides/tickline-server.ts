import { serveSide } from "./side.ts";
import { openTickline } from "./tickline.ts";

/** Serves the api, with nothing due. */
await serveSide<{ readonly dataDir: string }, { url: string }>(async ({ dataDir }) => {
  const tickline = await openTickline({ dataDir, concurrency: 1, onStart: () => undefined });
  await tickline.start();
  if (tickline.url === null) throw new Error("started, but it listens nowhere");
  return { url: tickline.url };
});
