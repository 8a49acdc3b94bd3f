import { once } from "node:events";
import { createServer } from "node:net";
import { systemEntropy } from "../../adapters/system/entropy.ts";

/** Below the ports that systems assign to outgoing connections: such a connection could take the port before its server does. */
const [PORT_MIN, PORT_MAX] = [10_000, 32_000];
const TRIES_MAX = 50;

/** A TCP port that was free a moment ago: for servers that need their port before they start. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = PORT_MIN + Math.floor(systemEntropy.random() * (PORT_MAX - PORT_MIN));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port was found between ${PORT_MIN} and ${PORT_MAX}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  const listens = await Promise.race([once(server, "listening").then(() => true), once(server, "error").then(() => false)]);
  if (!listens) return false;
  server.close();
  await once(server, "close");
  return true;
}
