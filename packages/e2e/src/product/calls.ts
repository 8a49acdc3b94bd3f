import { createApiClient, type ApiRequest } from "../driver/api-client.ts";
import type { PageView, RunView } from "../driver/views.ts";

/** Requests that are expected to be answered. */
export interface Calls {
  /** The body of an answer below 400; throws with the problem otherwise. */
  call<Body>(method: ApiRequest["method"], path: string, body?: unknown): Promise<Body>;
  listRuns(jobId: string, query?: string): Promise<readonly RunView[]>;
}

export function createCalls(address: string): Calls {
  const client = createApiClient(() => address);

  async function call<Body>(method: ApiRequest["method"], path: string, body?: unknown): Promise<Body> {
    const reply = await client.send({ method, path, body });
    if (reply.kind === "unanswered") throw new Error(`${method} ${path} was not answered`);
    if (reply.status >= 400) throw new Error(`${method} ${path} answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body as Body;
  }
  return {
    call,
    listRuns: async (jobId, query = "") =>
      (await call<PageView<RunView>>("GET", `/jobs/${jobId}/runs?limit=200&include=output${query}`)).items,
  };
}
