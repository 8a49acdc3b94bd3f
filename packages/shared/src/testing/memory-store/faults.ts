import { AppError } from "../../domain/app-error.ts";
import type { Store } from "../../ports/store/store.ts";

/** Faults of a memory store on demand, so that services can be tested against stores that fail. */
export interface StoreFaults {
  /**
   * Called before the runs of each fire that was won are made. True: the call rejects there, and leaves this fire and
   * the later ones advanced but pending, as after a crash of a store that writes job and runs one after the other.
   */
  readonly crashBeforeRuns?: () => boolean;
  /** Called with `<port>.<method>` after each call. True: the call rejects although its writes stay. */
  readonly loseAnswer?: (method: string) => boolean;
}

/** The store with lost answers. */
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
