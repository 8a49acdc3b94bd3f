import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createServer } from "node:tls";
import { selfSigned, type SelfSigned } from "./self-signed.ts";

/** Accepts TLS on a port of localhost, and forwards the data to a server without TLS. */
export async function startTlsProxy(
  { hostname, port }: { readonly hostname: string; readonly port: string },
  identity: SelfSigned = selfSigned(),
) {
  const open = new Set<Socket>();
  const server = createServer({ key: identity.key, cert: identity.certificate }, (near) => {
    const far = connect(Number(port), hostname);
    open.add(near);
    near.on("close", () => open.delete(near));
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.on("tlsClientError", () => {}); // A client that does not trust the certificate disconnects.
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port, // A listening TCP server has an address.
    certificate: identity.certificate,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}
