import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { apiUnderTest, minimalJob, type ApiSetup, type Reply } from "../api-under-test.test-support.ts";
import type { ClaimedRunView } from "./claimed-run-view.ts";

const QUEUES = { queues: ["default", "python"], externalQueues: ["python"] };

/** An api with the external queue `python`, and an executor that uses it. */
export async function queuesUnderTest({ config = {}, ...setup }: ApiSetup = {}) {
  const under = await apiUnderTest({ ...setup, config: { ...QUEUES, ...config } });
  const { call, store, clock, bus } = under;
  const heard: TicklineEvent[] = [];
  await bus.subscribe({
    topics: ["tickline.runs", "tickline.control"],
    group: "test",
    from: "end",
    onBatch: (events) => void heard.push(...events),
  });
  const put = (id: string, changes: object = {}) =>
    call(`PUT /jobs/${id}`, { body: { ...minimalJob, queue: "python", handler: "greet", ...changes } });
  /** Makes a run that is due now. Returns its id. */
  async function due(id: string, params?: object): Promise<string> {
    const { body } = await call(`POST /jobs/${id}/trigger`, { ...(params && { body: { params } }) });
    return body.id as string;
  }
  const ask = (deed: "claim" | "heartbeat" | "settle", body: object): Promise<Reply> => call(`POST /queues/python/${deed}`, { body });
  const claim = async (changes: object = {}): Promise<readonly ClaimedRunView[]> =>
    (await ask("claim", { executor: "worker-1", ...changes })).body.runs as readonly ClaimedRunView[];
  const heartbeat = async (...runs: readonly ClaimedRunView[]) =>
    (await ask("heartbeat", { runs: runs.map(({ runId, token }) => ({ runId, token })) })).body.runs;
  const settle = async ({ runId, token }: Pick<ClaimedRunView, "runId" | "token">, end: object) =>
    (await ask("settle", { runs: [{ runId, token, ...end }] })).body.runs[0];
  const readRun = async (runId: string) => (await call(`GET /runs/${runId}`)).body;
  /** Gives runs whose leases have ended to others, as the scheduler does once it has watched them for a whole lease. */
  async function rescueEnded(): Promise<number> {
    const now = clock.now();
    const ended = await store.leases.ending({ shard: ALL_SLOTS, now, after: null, limit: 100 });
    const rescues = ended.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" as const }));
    return (await store.leases.rescue({ rescues, now })).rescued;
  }
  /** Makes runs whose retry is due publishable, as the scheduler does. */
  const wake = () => store.dueRuns.wake({ shard: ALL_SLOTS, now: clock.now(), limit: 100 });
  const told = async (type: TicklineEvent["type"]): Promise<readonly TicklineEvent[]> => {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return heard.filter((event) => event.type === type);
  };
  return { ...under, put, due, ask, claim, heartbeat, settle, readRun, rescueEnded, wake, told, [Symbol.asyncDispose]: under.stop };
}
export type QueuesUnderTest = Awaited<ReturnType<typeof queuesUnderTest>>;
