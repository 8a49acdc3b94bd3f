/** What a bus counts. Gauges and counters of prom-client fit; nothing here depends on it. */
export interface BusMetrics {
  /** Messages of a topic that the group has not finished, over the partitions that this process reads. */
  readonly lag: { set(labels: { readonly topic: string; readonly group: string }, value: number): void };
  /** Messages put with the dead letters of a topic. */
  readonly deadLetters: { inc(labels: { readonly topic: string }, count: number): void };
  /** Messages that a group of one instance could not take: such groups keep no dead letters. */
  readonly unkept: { inc(labels: { readonly topic: string }, count: number): void };
}
