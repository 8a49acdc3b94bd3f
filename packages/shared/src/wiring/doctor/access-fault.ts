/** Why a server that answers refuses access. `trust`: its certificate is signed by an authority we do not trust. `host`: it is for another host. */
export type AccessFault = "login" | "trust" | "host";

/** The words of the servers and their drivers; all of them pass on OpenSSL's words. */
const WORDS: readonly (readonly [AccessFault, RegExp])[] = [
  ["host", /does not match certificate's altnames/i],
  [
    "trust",
    /self-signed certificate|unable to (?:verify the first|get (?:local )?issuer) certificate|certificate (?:has expired|signature failure)/i,
  ],
  ["login", /SASL mechanism|\b(?:WRONGPASS|NOAUTH)\b|authentication failed|requires authentication|answers 40[13]\b/i],
];

/** Found in the thrown error and its causes; null: another fault. */
export function findAccessFault(fault: unknown): AccessFault | null {
  for (let at: unknown = fault; at instanceof Error; at = at.cause) {
    const { message } = at;
    const found = WORDS.find(([, words]) => words.test(message));
    if (found !== undefined) return found[0];
  }
  return null;
}
