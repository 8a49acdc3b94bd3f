/** A connection that the policy of the executor refuses. The message is one sentence: what was refused, why, and what to set. */
export class EgressRefused extends Error {
  override readonly name = "EgressRefused";
  readonly code = "egress_refused";
  /** Another attempt would be refused too. */
  readonly retryable = false;
}
