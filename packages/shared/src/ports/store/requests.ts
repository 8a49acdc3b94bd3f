import type { Instant } from "../../domain/time/instant.ts";

/** The stored result for repeats of a request: the uid or instant of the first one, and a hash of its body. */
export interface RequestBinding {
  /** The scope of the key: `create`, or `trigger:<job uid>`, … */
  readonly scope: string;
  readonly key: string;
  /** Hash of the body: the same key with another body is a conflict. */
  readonly fingerprint: string;
  /** The new uid, or the instant as text. */
  readonly value: string;
  readonly boundAt: Instant;
}

/** Idempotency keys and command ids. Each is bound to the job or run before that is made. */
export interface Requests {
  /** Inserts the binding if (tenant, scope, key) has none, and returns the stored one: the caller's or an earlier one. */
  bind(tenantId: string, binding: RequestBinding): Promise<RequestBinding>;
}
