import { expect, test } from "@jest/globals";
import { findAccessFault } from "./access-fault.ts";

test.each([
  ["SASL PLAIN authentication failed: Authentication failed: Invalid username or password", "login"],
  ["SASL SCRAM SHA512 authentication failed: Authentication failed during authentication due to invalid credentials", "login"],
  ["The broker does not support the requested SASL mechanism", "login"],
  ["no lock was granted: WRONGPASS invalid username-password pair or user is disabled.", "login"],
  ["no lock was granted: NOAUTH Authentication required.", "login"],
  ["connect to the store: Authentication failed.", "login"],
  ["Command find requires authentication", "login"],
  ["https://registry/subjects answers 401", "login"],
  ["Connection error: self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca", "trust"],
  ["unable to verify the first certificate", "trust"],
  ["unable to get local issuer certificate", "trust"],
  ["certificate has expired", "trust"],
  ["Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: ", "host"],
  ["connect ECONNREFUSED 127.0.0.1:9092", null],
  ["https://registry/subjects answers 404", null],
])("%s: %s", (message, kind) => {
  expect(findAccessFault(new Error(message))).toBe(kind);
  expect(findAccessFault(new Error("it does not answer", { cause: new TypeError("fetch failed", { cause: new Error(message) }) }))).toBe(
    kind,
  );
});
