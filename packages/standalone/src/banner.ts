/** What a person needs to know when the process is up. */
export interface BannerFacts {
  readonly url: string;
  readonly data: string;
  readonly handlers: readonly string[];
  readonly loopback: boolean;
}

/** Printed once everything listens: where it is, where the data is, and a line that works when pasted. */
export const banner = ({ url, data, handlers, loopback }: BannerFacts): string => `Tickline is up.

  API         ${url}
  Reference   ${url}/docs
  Data        ${data}
  Handlers    ${handlers.join(", ")}
  Access      no authentication: ${loopback ? "it listens on this machine only" : "whoever reaches this address can run jobs"}

Create a job that calls a URL every two seconds:

  curl -sS -X PUT ${url}/jobs/ping -H 'content-type: application/json' -d '{"name":"ping","schedule":"every 2s","handler":"http","params":{"url":"${url}/livez"}}'

and look at it:  curl -sS ${url}/jobs/ping
`;
