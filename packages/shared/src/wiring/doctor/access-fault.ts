/** Why a server that answers does not let us in. `trust`: its certificate is signed by an authority we do not trust. `host`: it is for another host. */
export type AccessFault = "login" | "trust" | "host";

/** As the servers and their drivers say it; OpenSSL's words come through all of them. */
const WORDS: readonly (readonly [AccessFault, RegExp])[] = [
  ["host", /does not match certificate's altnames/i],
  [
    "trust",
    /self-signed certificate|unable to (?:verify the first|get (?:local )?issuer) certificate|certificate (?:has expired|signature failure)/i,
  ],
  ["login", /SASL mechanism|\b(?:WRONGPASS|NOAUTH)\b|authentication failed|requires authentication|answers 40[13]\b/i],
];

/** Looked for in what was thrown and in all that caused it; null: something else is wrong. */
export function findAccessFault(fault: unknown): AccessFault | null {
  for (let at: unknown = fault; at instanceof Error; at = at.cause) {
    const { message } = at;
    const found = WORDS.find(([, words]) => words.test(message));
    if (found !== undefined) return found[0];
  }
  return null;
}
