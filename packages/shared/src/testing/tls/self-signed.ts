import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In PEM. A client that trusts the certificate trusts every holder of the key. */
export interface SelfSigned {
  readonly key: string;
  readonly certificate: string;
}

/** A key and a certificate for these hosts, made at each call, so that none is in the repository. */
export function selfSigned(hosts: readonly string[] = ["localhost"]): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), "tickline-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const names = hosts.map((host) => `${isIP(host) === 0 ? "DNS" : "IP"}:${host}`).join(",");
    const subject = ["-subj", "/CN=tickline-test", "-addext", `subjectAltName=${names}`, "-days", "1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject], {
      stdio: "ignore",
    });
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
