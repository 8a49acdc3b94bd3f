import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import Koa from "koa";
import type { HttpSamples } from "../plan/http-samples.ts";
import { serveSide } from "./side.ts";

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
  return JSON.parse(text);
}

/** The limit: Koa with one middleware that reads the body, if there is one, and serialises the answer that Tickline gave. */
await serveSide<HttpSamples, { url: string }>(async ({ created, job, list }) => {
  const app = new Koa();
  app.use(async (ctx) => {
    if (ctx.method === "POST") {
      await readJson(ctx.req);
      ctx.status = 201;
      ctx.body = created;
    } else {
      ctx.body = ctx.path === "/jobs" ? list : job;
    }
  });
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});
