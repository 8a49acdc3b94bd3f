/** Whatever has a lifetime. `start` and `stop` tolerate being called twice, or never; `stop` drains within a budget. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}
