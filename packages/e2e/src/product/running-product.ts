import { setTimeout as wait } from "node:timers/promises";
import { createApiClient, type ApiRequest } from "../driver/api-client.ts";
import type { PageView, RunView } from "../driver/views.ts";
import type { Endings } from "./endings.ts";
import { startProduct, type ProductOptions, type ProductProcess } from "./product-process.ts";

/** A product that is up, and a client that expects answers of it. */
export interface RunningProduct extends ProductProcess {
  readonly address: string;
  /** The body of an answer below 400; throws with the problem otherwise. */
  call<Body>(method: ApiRequest["method"], path: string, body?: unknown): Promise<Body>;
  runsOf(jobId: string, query?: string): Promise<readonly RunView[]>;
  /** SIGTERM; resolves with the exit code. */
  end(): Promise<number | null>;
}

export async function runProduct(endings: Endings, options: ProductOptions): Promise<RunningProduct> {
  const product = startProduct(options);
  endings.add(() => (product.running ? product.kill() : undefined));
  const address = await product.url;
  const client = createApiClient(() => address);

  async function call<Body>(method: ApiRequest["method"], path: string, body?: unknown): Promise<Body> {
    const reply = await client.send({ method, path, body });
    if (reply.kind === "unanswered") throw new Error(`${method} ${path} was not answered`);
    if (reply.status >= 400) throw new Error(`${method} ${path} answered ${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body as Body;
  }
  return Object.assign(product, {
    address,
    call,
    runsOf: async (jobId: string, query = "") => (await call<PageView<RunView>>("GET", `/jobs/${jobId}/runs?limit=200${query}`)).items,
    async end() {
      product.signal("SIGTERM");
      return (await product.exited).code;
    },
  });
}

/** Asks until the answer is there, for as long as a test may last; throws with the last thing it saw. */
export async function eventually<Answer>(ask: () => Promise<Answer | null> | Answer | null, withinMs = 20_000): Promise<Answer> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > until) throw new Error(`it did not come to pass within ${withinMs} ms: ${ask.toString()}`);
    await wait(25);
  }
}
