import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";

/** A key and a certificate for localhost, made now, so that none lies in the repository. */
async function selfSigned(): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tickline-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject], {
      stdio: "ignore",
    });
    return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Takes TLS on a port of localhost, and passes what comes to a server that speaks none. */
export async function tlsInFrontOf(target: URL) {
  const { key, cert } = await selfSigned();
  const server = createServer({ key, cert }, (near) => {
    const far = connect(Number(target.port || 6_379), target.hostname);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.on("tlsClientError", () => {}); // Who does not trust us goes away.
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // A listening TCP server has an address.
  return {
    port,
    certificate: cert,
    async close() {
      server.close();
      await once(server, "close");
    },
  };
}
