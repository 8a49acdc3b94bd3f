import type { Connection } from "mongoose";
import type { Digest } from "../../domain/digest.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Clock, Entropy } from "../../ports/clock.ts";
import type { Store } from "../../ports/store/store.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { sha256 } from "../system/digest.ts";
import { systemEntropy } from "../system/entropy.ts";
import { openCollections, type Collections } from "./collections/collections.ts";
import { connect, type ConnectionOptions } from "./server/connection.ts";
import { createHeldClaims } from "../../runtime/held-claims.ts";
import { createDefinitions } from "./jobs/definitions.ts";
import { sendWithin } from "./server/statements.ts";
import { migrate } from "./collections/migrations.ts";
import { createPorts } from "./ports.ts";
import { createServerClock } from "./server/server-time.ts";
import { createWriteWatch, type WriteWatch } from "./server/write-watch.ts";

export interface MongodbStoreOptions extends ConnectionOptions {
  readonly digest?: Digest;
  readonly entropy?: Pick<Entropy, "newToken">;
  readonly onUnreadable?: OnUnreadable;
  /** The store's time, in place of the server's. For tests that move it. */
  readonly clock?: Pick<Clock, "now">;
  /** For tests: asked in each fire between the advance of its jobs and the making of their runs; true, and it rejects there. */
  readonly crashBeforeRuns?: () => boolean;
}

/**
 * A store in MongoDB, or in what speaks its protocol. Every write touches single documents, so nothing here needs
 * transactions or change streams: a fire is a compare-and-set on the job that leaves its runs in `pending`, then their
 * insertion; the next reader of the job completes it after a crash in between. Leases end by time.
 */
export async function openMongodbStore(options: MongodbStoreOptions): Promise<Store> {
  const connection = await connect(options);
  try {
    const watch = createWriteWatch();
    const rows = openCollections(connection, { statementMs: options.statementMs, watch });
    await migrate(connection, rows, options);
    return createStore(connection, { rows, watch }, options);
  } catch (fault) {
    await connection.close();
    throw fault;
  }
}

function createStore(
  connection: Connection,
  { rows, watch }: { readonly rows: Collections; readonly watch: WriteWatch },
  {
    digest = sha256,
    entropy = systemEntropy,
    clock,
    statementMs,
    onUnreadable = () => {},
    crashBeforeRuns = () => false,
  }: MongodbStoreOptions,
): Store {
  const newToken = (): string => entropy.newToken();
  const send = sendWithin(statementMs);
  const readClock = createServerClock(connection);
  const asides = new Set<Promise<unknown>>();
  async function serverNow(): Promise<Instant> {
    const now = await send("ask the store for its time", readClock);
    return clock === undefined ? now : clock.now();
  }
  function aside(work: Promise<unknown>): void {
    const settled = work.catch(() => {}).finally(() => asides.delete(settled));
    asides.add(settled);
  }
  async function close(): Promise<void> {
    await Promise.all(asides);
    await connection.close();
  }
  const definitions = createDefinitions(rows, newToken);
  const held = createHeldClaims();
  let closing: Promise<void> | null = null;
  return {
    ...createPorts({ rows, definitions, held, digest, newToken, onUnreadable, serverNow, aside, crashBeforeRuns }),
    async ping() {
      const now = await serverNow();
      // While health checks report that writes are refused, there may be no other write to find out that they are accepted again.
      if (watch.refusing() !== null) aside(rows.meta.put([{ _id: "tried", value: now }]));
      return { now };
    },
    refusal: watch.refusing,
    close: () => (closing ??= close()),
  };
}
