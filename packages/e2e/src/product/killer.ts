import type { Server } from "../driver/carry-out.ts";
import { createApiClient, type ApiClient } from "../driver/api-client.ts";
import type { SeededRandom } from "../driver/seeded-random.ts";
import type { RecorderProcess } from "../recorder/recorder-process.ts";
import { chooseKillInstant, type KillInstant } from "./kill-instant.ts";
import { startProduct, type ProductOptions, type ProductProcess } from "./product-process.ts";

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
  let url = "";
  let up = Promise.withResolvers<void>();
  let onWrite: () => void = () => {};
  const client = tellingOfWrites(
    createApiClient(() => url),
    () => onWrite(),
  );
  const whenUp = (): Promise<void> => up.promise;
  const nextWrite = (): Promise<void> => new Promise((resolve) => (onWrite = resolve));

  async function liveAndDie(): Promise<void> {
    const life = startProduct(product);
    current = life;
    let upAt: number | null = null;
    let condemned = false;
    life.url.then(
      (address) => {
        if (condemned) return;
        upAt = Date.now();
        url = address;
        up.resolve();
      },
      () => {}, // `fallen` says it better.
    );
    const fallen = life.exited.then(({ code, signal }) => {
      if (!condemned) throw new Error(`the product ended by itself with ${code ?? signal}:\n${life.stderr()}`);
    });
    const { instant, comes } = chooseKillInstant(random, { whenUp, nextWrite, recorder });
    await Promise.race([comes(), fallen]);
    condemned = true;
    // From here on clients wait for the next process; those that wait already go on waiting.
    if (upAt !== null) up = Promise.withResolvers();
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
      url = await current.url;
      lives.push({ spawnedAt: current.spawnedAt, upAt: Date.now(), killedAt: Number.POSITIVE_INFINITY, instant: "never" });
      up.resolve();
    },
    stderr: () => [...errors, current?.stderr() ?? ""].join(""),
    async end() {
      current?.signal("SIGTERM");
      return (await current?.exited)?.code ?? null;
    },
  };
}

const tellingOfWrites = (client: ApiClient, onWrite: () => void): ApiClient => ({
  send(request) {
    const reply = client.send(request);
    if (request.method !== "GET") onWrite();
    return reply;
  },
});
