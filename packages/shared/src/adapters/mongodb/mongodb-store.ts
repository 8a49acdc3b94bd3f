import type { Connection } from "mongoose";
import type { Digest } from "../../domain/digest.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Clock, Entropy } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { sha256 } from "../system/digest.ts";
import { systemEntropy } from "../system/entropy.ts";
import { answeredWithin } from "./server/answered-within.ts";
import { collectionsOf } from "./collections/collections.ts";
import { connect, type ConnectionOptions } from "./server/connection.ts";
import type { StoreContext } from "./context.ts";
import { createDefinitions } from "./jobs/definitions.ts";
import { storeFault } from "./server/faults.ts";
import { createHeldClaims } from "./claims/held-claims.ts";
import { migrate } from "./collections/migrations.ts";
import { createPorts } from "./ports.ts";
import { createServerClock } from "./server/server-time.ts";
import { createWriteWatch, type WriteWatch } from "./server/write-watch.ts";

export interface MongodbStoreOptions extends ConnectionOptions {
  readonly digest?: Digest;
  readonly entropy?: Pick<Entropy, "newToken">;
  readonly onUnreadable?: OnUnreadable;
  /** Tells the store's time in place of the server. For tests that move it. */
  readonly clock?: Pick<Clock, "now">;
  /** For tests: asked in each fire between the advance of its jobs and the making of their runs; true, and it rejects there. */
  readonly crashBeforeRuns?: () => boolean;
}

/**
 * A store in MongoDB, or in what speaks its protocol. Every write touches single documents, so nothing here needs
 * transactions or change streams: a fire is a compare-and-set on the job that leaves its runs in `pending`, then their
 * insertion; a crash in between is completed by whoever reads the job next. Leases are true ones, ended by time.
 */
export async function openMongodbStore(options: MongodbStoreOptions): Promise<Store> {
  const connection = await connect(options);
  try {
    const watch = createWriteWatch();
    const rows = collectionsOf(connection, { statementMs: options.statementMs, watch });
    await migrate(connection, rows, options);
    const shell = contextOf(connection, options);
    return createStore(connection, { ...shell, rows, definitions: createDefinitions(rows, shell.newToken) }, watch);
  } catch (fault) {
    await connection.close();
    throw fault;
  }
}

type Shell = Omit<StoreContext, "rows" | "definitions" | "aside">;

function contextOf(
  connection: Connection,
  {
    digest = sha256,
    entropy = systemEntropy,
    clock,
    statementMs,
    onUnreadable = () => {},
    crashBeforeRuns = () => false,
  }: MongodbStoreOptions,
): Shell {
  const askClock = createServerClock(connection);
  const askServer = () => serverTime(askClock, statementMs);
  return {
    held: createHeldClaims(),
    digest,
    newToken: () => entropy.newToken(),
    onUnreadable,
    serverNow: clock === undefined ? askServer : async () => askServer().then(() => clock.now()),
    crashBeforeRuns,
  };
}

async function serverTime(ask: () => Promise<Instant>, statementMs: number | undefined): Promise<Instant> {
  const deed = "ask the store for its time";
  try {
    return await answeredWithin(deed, ask(), statementMs);
  } catch (fault) {
    throw storeFault(fault, deed);
  }
}

function createStore(connection: Connection, shell: Omit<StoreContext, "aside">, watch: WriteWatch): Store {
  const asides = new Set<Promise<unknown>>();
  const aside = (work: Promise<unknown>): void => {
    const settled = work.catch(() => {}).finally(() => asides.delete(settled));
    asides.add(settled);
  };
  const context: StoreContext = { ...shell, aside };
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await Promise.all(asides);
    await connection.close();
  };
  return {
    ...createPorts(context),
    async ping() {
      const now = await context.serverNow();
      // Nobody may come to write while health checks say that nobody can, so it is tried; the next look finds out.
      if (watch.refusing() !== null) aside(context.rows.meta.put([{ _id: "tried", value: now }]));
      return { now };
    },
    refusal: watch.refusing,
    close: () => (closing ??= close()),
  };
}
