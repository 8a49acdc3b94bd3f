import type { Moment } from "../checker/history.ts";
import { ask, type ApiClient, type ApiRequest, type Reply } from "./api-client.ts";
import type { Ledger } from "./ledger.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { JobView, PageView } from "./views.ts";

/** Whom the driver asks, and how it knows whether there is anybody. */
export interface Server {
  readonly client: ApiClient;
  /** Resolves once a server answers; at once while one does. Rejects when there will be none any more. */
  whenUp(): Promise<void>;
}

export interface WriteRequest {
  readonly request: ApiRequest;
  /** False: sending it again might do it again, so what became of it is found by reading alone. */
  readonly repeatable: boolean;
  /** Where the job is found afterwards. */
  readonly find: { readonly id: string } | { readonly name: string };
  /** Whether the job, as it is read, shows that the write stands. */
  readonly stands: (job: JobView | null) => boolean;
}

/** `stands`: with the job as it was answered or read; null when it is deleted. */
export type WriteOutcome =
  | { readonly kind: "stands"; readonly moment: Moment; readonly job: JobView | null }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "missing" };

export interface CarryOutDeps extends Server {
  readonly random: SeededRandom;
  readonly ledger: Ledger;
}

/** How often what became of a write is found by repeating it, of 1; otherwise by reading. */
const REPEAT_SHARE = 0.5;

/** Sends a write and finds out what became of it, however often the server goes away meanwhile. */
export async function carryOut(deps: CarryOutDeps, write: WriteRequest): Promise<WriteOutcome> {
  const { client, whenUp, random, ledger } = deps;
  const from = Date.now();
  ledger.counts.sent += 1;
  let reply = await client.send(write.request);
  if (reply.kind === "answered") return toOutcome(write, reply, { deps, from, repeated: false });
  ledger.counts.unanswered += 1;
  while (write.repeatable && random.chance(REPEAT_SHARE)) {
    await whenUp();
    reply = await client.send(write.request);
    if (reply.kind === "answered") return toOutcome(write, reply, { deps, from, repeated: true });
  }
  const job = await read(deps, write.find);
  if (!write.stands(job)) {
    ledger.counts.foundMissing += 1;
    return { kind: "missing" };
  }
  ledger.counts.foundStanding += 1;
  return { kind: "stands", moment: { from, to: Date.now() }, job };
}

function toOutcome(
  { request }: WriteRequest,
  { status, body }: Extract<Reply, { kind: "answered" }>,
  { deps, from, repeated }: { deps: CarryOutDeps; from: number; repeated: boolean },
): WriteOutcome {
  const moment = { from, to: Date.now() };
  if (status < 300) return { kind: "stands", moment, job: body as JobView | null };
  // A delete that is repeated meets what the first one left.
  if (request.method === "DELETE" && repeated && status === 404) return { kind: "stands", moment, job: null };
  const { refused } = deps.ledger.counts;
  const key = `${request.method} ${status} ${readCode(body)}`;
  refused[key] = (refused[key] ?? 0) + 1;
  return { kind: "refused", status };
}

/** The code of a problem, as refusals are counted by it. */
export const readCode = (body: unknown): string =>
  typeof body === "object" && body !== null && "code" in body ? String(body.code) : "without a code";

/** The job as it stands; null: there is none. */
export async function read({ client, whenUp }: Server, find: WriteRequest["find"]): Promise<JobView | null> {
  if ("id" in find) {
    const { status, body } = await ask(client, whenUp, { method: "GET", path: `/jobs/${find.id}` });
    return status === 404 ? null : (body as JobView);
  }
  const { body } = await ask(client, whenUp, { method: "GET", path: `/jobs?include=params&q=${encodeURIComponent(find.name)}` });
  return (body as PageView<JobView>).items.find(({ name }) => name === find.name) ?? null;
}
