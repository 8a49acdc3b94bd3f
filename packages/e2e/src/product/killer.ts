import { EventEmitter } from "node:events";
import type { Server } from "../driver/carry-out.ts";
import { createApiClient, type ApiClient } from "../driver/api-client.ts";
import type { SeededRandom } from "../driver/seeded-random.ts";
import type { RecorderProcess } from "../recorder/recorder-process.ts";
import { createKillInstants, type KillInstant } from "./kill-instant.ts";
import { startProduct, type ProductOptions, type ProductProcess } from "./product-process.ts";
import { createWhereabouts } from "./whereabouts.ts";

/** One life of the product, from its start to its kill. */
export interface Life {
  readonly spawnedAt: number;
  /** Null: it was killed before it said that it was up. */
  readonly upAt: number | null;
  /** Infinite for the last one. */
  readonly killedAt: number;
  readonly instant: KillInstant | "never";
}

export interface Killer extends Server {
  readonly lives: readonly Life[];
  /** Starts the product, kills it at an instant it chooses, and starts it again: so many times; then it stays up. */
  run(kills: number): Promise<void>;
  /** Everything the product wrote to standard error. */
  stderr(): string;
  /** Asks the last process to end, and returns its exit code. */
  end(): Promise<number | null>;
}

export interface KillerDeps {
  readonly product: ProductOptions;
  readonly recorder: RecorderProcess;
  readonly random: SeededRandom;
}

/** Starts and kills one process after another on the same data folder. */
export function createKiller({ product, recorder, random }: KillerDeps): Killer {
  const lives: Life[] = [];
  const errors: string[] = [];
  let current: ProductProcess | null = null;
  const whereabouts = createWhereabouts();
  const { whenUp } = whereabouts;
  const writes = new EventEmitter();
  const client = tellingOfWrites(createApiClient(whereabouts.url), writes);
  const instants = createKillInstants(random, { whenUp, writes, recorder });

  async function liveAndDie(): Promise<void> {
    const life = startProduct(product);
    current = life;
    let upAt: number | null = null;
    let condemned = false;
    const fallen = life.exited.then(({ code, signal }) => {
      if (!condemned) throw new Error(`the product ended by itself with ${code ?? signal}:\n${life.stderr()}`);
    });
    life.url.then(
      (address) => {
        if (condemned) return;
        upAt = Date.now();
        whereabouts.isUp(address);
      },
      () => {}, // `fallen` says it better.
    );
    const { instant, comes } = instants.next();
    await Promise.race([comes(), fallen]);
    condemned = true;
    whereabouts.isGone();
    const killedAt = Date.now();
    await life.kill();
    errors.push(life.stderr());
    lives.push({ spawnedAt: life.spawnedAt, upAt, killedAt, instant });
  }
  return {
    client,
    lives,
    whenUp,
    async run(kills) {
      for (let count = 0; count < kills; count += 1) await liveAndDie();
      current = startProduct(product);
      whereabouts.isUp(await current.url);
      lives.push({ spawnedAt: current.spawnedAt, upAt: Date.now(), killedAt: Number.POSITIVE_INFINITY, instant: "never" });
    },
    stderr: () => [...errors, current?.stderr() ?? ""].join(""),
    async end() {
      current?.signal("SIGTERM");
      return (await current?.exited)?.code ?? null;
    },
  };
}

/** Emits `sent` with each write, and `answered` when it was acknowledged. */
const tellingOfWrites = (client: ApiClient, writes: EventEmitter): ApiClient => ({
  async send(request) {
    const pending = client.send(request);
    if (request.method === "GET") return pending;
    writes.emit("sent");
    const reply = await pending;
    if (reply.kind === "answered" && reply.status < 300) writes.emit("answered");
    return reply;
  },
});
