import { canonicalJson } from "@tickline/shared/domain/json";
import type { ApiContext } from "../api-context.ts";
import { ok, type Step } from "../http/parsed.ts";
import { problem } from "../http/problem.ts";

export interface BindRequest {
  readonly tenantId: string;
  /** Where the key counts. */
  readonly scope: string;
  readonly key: string;
  /** What was asked: the same key may not ask for something else. */
  readonly asked: unknown;
  /** The uid or instant that this request would use. */
  readonly value: string;
}

/** Binds an idempotency key before anything is made by it. Returns the value that stands: ours, or that of the first request. */
export async function bindRequest({ requests, digest, clock }: ApiContext, request: BindRequest): Promise<Step<string>> {
  const { tenantId, scope, key, asked, value } = request;
  const fingerprint = digest(canonicalJson(asked));
  const standing = await requests.bind(tenantId, { scope, key, fingerprint, value, boundAt: clock.now() });
  if (standing.fingerprint === fingerprint) return ok(standing.value);
  return problem("idempotency_key_reused", "this Idempotency-Key came before with another body: take a new key for a new request");
}
