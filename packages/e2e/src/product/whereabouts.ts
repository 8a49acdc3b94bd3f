/** Where the product is at the moment, for clients that outlive its processes. */
export interface Whereabouts {
  url(): string;
  /** Resolves once there is a product that is up; at once while there is one. */
  whenUp(): Promise<void>;
  isUp(url: string): void;
  /** From here on clients wait for the next process; those that wait already go on waiting. */
  isGone(): void;
}

export function createWhereabouts(): Whereabouts {
  let current = "";
  let up = Promise.withResolvers<void>();
  let resolved = false;
  return {
    url: () => current,
    whenUp: () => up.promise,
    isUp(url) {
      current = url;
      resolved = true;
      up.resolve();
    },
    isGone() {
      if (resolved) up = Promise.withResolvers();
      resolved = false;
    },
  };
}
