import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** A TCP port that was free a moment ago: for servers that must be told their port before they start. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // A listening TCP server has an address.
  server.close();
  await once(server, "close");
  return port;
}
