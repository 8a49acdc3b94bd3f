import { AppError } from "../../domain/app-error.ts";
import type { Store } from "../../ports/store/store.ts";

/** What a memory store does wrong on demand, so that services can be tested against stores that fail. */
export interface StoreFaults {
  /**
   * Asked before the runs of each fire that was won are made. True: the call rejects there, and leaves this fire and
   * those behind it advanced but pending, as a crash of a store does that writes job and runs one after the other.
   */
  readonly crashBeforeRuns?: () => boolean;
  /** Asked with `<port>.<method>` after each call: true, and the call rejects although what it wrote stands. */
  readonly loseAnswer?: (method: string) => boolean;
}

/** The store with answers getting lost. */
export function losingAnswers(store: Store, loseAnswer: (method: string) => boolean): Store {
  const ports = Object.entries(store).map(([name, port]) => [name, typeof port === "function" ? port : losing(name, port, loseAnswer)]);
  return Object.fromEntries(ports) as Store;
}

function losing(name: string, port: object, loseAnswer: (method: string) => boolean): object {
  const methods = Object.entries(port) as [string, (...parts: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    methods.map(([method, call]) => [
      method,
      async (...parts: unknown[]) => {
        const answer = await call(...parts);
        if (loseAnswer(`${name}.${method}`))
          throw new AppError("store_unavailable", `${name}.${method}: the answer was lost`, { retryable: true });
        return answer;
      },
    ]),
  );
}
