import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { SelfSigned } from "./self-signed.ts";

interface HttpsInFront {
  /** The HTTP server behind it, as `http://host:port`. */
  readonly target: string;
  readonly identity: SelfSigned;
  readonly username: string;
  readonly password: string;
}

/** Accepts HTTPS on a port of localhost, answers 401 without a login, and forwards other requests. */
export async function startHttpsProxy({ target, identity, username, password }: HttpsInFront) {
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const pass = (asked: IncomingMessage, answer: ServerResponse): void => {
    if (asked.headers.authorization !== wanted) return void answer.writeHead(401, { "www-authenticate": "Basic" }).end();
    const { authorization: _, host: __, ...headers } = asked.headers;
    const behind = request(new URL(asked.url ?? "/", target), { method: asked.method ?? "GET", headers }, (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    behind.on("error", () => answer.destroy());
    asked.pipe(behind);
  };
  const server = createServer({ key: identity.key, cert: identity.certificate }, pass);
  server.on("tlsClientError", () => {}); // A client that does not trust the certificate disconnects.
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port, // A listening TCP server has an address.
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
