/** An answer, or none: the process was gone, or could not say whether it did it. Then it may have been done, or not. */
export type Reply = { readonly kind: "answered"; readonly status: number; readonly body: unknown } | { readonly kind: "unanswered" };

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiClient {
  send(request: ApiRequest): Promise<Reply>;
}

/** Longer than any answer takes; a request that hangs fails the test instead of standing still in it. */
const ANSWER_MS_MAX = 30_000;

/** Sends requests to the address that `url` returns at the moment. */
export const createApiClient = (url: () => string): ApiClient => ({
  async send({ method, path, body, headers = {} }) {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    try {
      const response = await fetch(`${url()}${path}`, {
        method,
        headers: body === undefined ? headers : { "content-type": type, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const text = await response.text();
      if (response.status === 503) return { kind: "unanswered" };
      return { kind: "answered", status: response.status, body: text === "" ? null : JSON.parse(text) };
    } catch (fault) {
      if (fault instanceof Error && fault.name === "TimeoutError") throw new Error(`${method} ${path} was not answered`, { cause: fault });
      return { kind: "unanswered" };
    }
  },
});

/** Repeats a request until it is answered; waits each time until there is an address. For requests that are safe to repeat. */
export async function ask(
  client: ApiClient,
  whenUp: () => Promise<void>,
  request: ApiRequest,
): Promise<Extract<Reply, { kind: "answered" }>> {
  for (;;) {
    await whenUp();
    const reply = await client.send(request);
    if (reply.kind === "answered") return reply;
  }
}
