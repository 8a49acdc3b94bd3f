import { expect, test } from "@jest/globals";
import { jobHeaderNameFault } from "./http-header-name.ts";

test.each(["Authorization", "X-Tickline", "Content-Type", "X-Host", "X-Forward", "Second", "Proxying", "Expectation", "Te-st", "X_Y", "a"])(
  "a job may set %s",
  (name) => {
    expect(jobHeaderNameFault(name)).toBeNull();
  },
);

test.each([
  ["Idempotency-Key", "is set by Tickline: it is the id of the run, the same on all attempts"],
  ["TICKLINE-Run-Id", "is set by Tickline: names that begin with Tickline- are reserved"],
  ["tickline-", "is set by Tickline: names that begin with Tickline- are reserved"],
  ...["Content-Length", "Transfer-Encoding", "connection", "Upgrade", "Expect", "TE"].map(
    (name) => [name, "is set by the connection, and a job may not set it"] as const,
  ),
  ...["Host", "HOST"].map((name) => [name, "is the host of the URL, and a job may not set another"] as const),
  ...["X-Forwarded-For", "x-forwarded-host", "X-Forwarded", "Forwarded", "Proxy-Authorization", "Proxy-X", "Sec-Fetch-Site", "sec-"].map(
    (name) => [name, "is set by proxies and browsers, and a job may not set it"] as const,
  ),
  ["", "must have a name"],
  ...["X Y", "X:", "Ü", "a\r\nb", '"x"', "a/b"].map(
    (name) => [name, "is not a header name: it may have letters, digits and hyphens, but no spaces, colons or quotes"] as const,
  ),
])("%j is refused: it %s", (name, why) => {
  expect(jobHeaderNameFault(name)).toBe(why);
});
