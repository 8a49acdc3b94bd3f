import type { Answer, HttpClient } from "../http-client.ts";
import { planRedirect, type Hop } from "./plan-redirect.ts";

export interface FollowOptions {
  readonly client: Pick<HttpClient, "send">;
  readonly redirectsMax: number;
  readonly readSignal: () => AbortSignal;
  /** Called before each request but the first. */
  readonly onHop: (hop: Hop) => void;
}

/** A redirect that is not followed although the job asks for it. */
export class RedirectRefused extends Error {
  override readonly name = "RedirectRefused";
}

/** Sends a request, and the requests that its answers ask for. Resolves with the last answer, which may be a redirect too many. */
export async function followRedirects(first: Hop, { client, redirectsMax, readSignal, onHop }: FollowOptions): Promise<Answer> {
  let hop = first;
  for (let left = redirectsMax; ; left -= 1) {
    const answer = await client.send(hop.url, { method: hop.method, headers: hop.headers, body: hop.body, readSignal });
    const plan = left > 0 ? planRedirect(hop, { status: answer.status, location: answer.headers["location"]?.[0] }) : null;
    if (plan === null || plan.kind === "answer") return answer;
    answer.body?.on("error", ignore).destroy(); // It may never end, and nobody reads it.
    if (plan.kind === "refused") throw new RedirectRefused(`answered ${answer.status}, and the redirect is not followed: ${plan.reason}`);
    hop = plan.hop;
    onHop(hop);
  }
}

/** The body of a redirect is not read, so its faults do not matter. */
const ignore = (): void => undefined;
