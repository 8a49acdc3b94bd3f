import { toIso, type Instant } from "@tickline/shared/domain/time/instant";
import { canonicalJson } from "@tickline/shared/domain/json/json";
import { KEY_MAKES_MS } from "@tickline/shared/domain/time/time-limits";
import type { Forgotten } from "@tickline/shared/ports/store/retention";
import type { ApiContext } from "../api-context.ts";
import { ok, type Step } from "./parsed.ts";
import { problem, type Problem } from "../problems/problem.ts";
import type { HeaderOf } from "./conditions.ts";

/** Longest `Idempotency-Key`, in characters. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Any visible ASCII characters. */
export const IDEMPOTENCY_KEY = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_LENGTH_MAX}}$`);
export const isIdempotencyKey = (text: string): boolean => IDEMPOTENCY_KEY.test(text);

/** Reads `Idempotency-Key`. Null: there is none. */
export function readIdempotencyKey(header: HeaderOf): Step<string | null> {
  const key = header("idempotency-key");
  if (key === undefined) return ok(null);
  if (isIdempotencyKey(key)) return ok(key);
  return problem("bad_header", `Idempotency-Key has to be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`);
}

export interface BindRequest {
  readonly tenantId: string;
  /** The key is unique within this scope. */
  readonly scope: string;
  readonly key: string;
  /** The request. The same key with another request is refused. */
  readonly asked: unknown;
  /** The uid or instant that this request would use if it is the first one. */
  readonly value: string;
  /** What the request makes. */
  readonly makes: keyof Forgotten;
}

/** A key, as its first request has bound it. */
export interface BoundKey {
  /** The value of the first request. */
  readonly value: string;
  readonly boundAt: Instant;
  /**
   * True: what the key made still exists, or the first request ended before it made anything; then this request makes it. False: it may have
   * been deleted by retention, and this request must not make it a second time.
   */
  readonly mayMake: boolean;
}

/** Binds an idempotency key before the request makes anything. */
export async function bindRequest(context: ApiContext, request: BindRequest): Promise<Step<BoundKey>> {
  const { requests, digest, time } = context;
  const { tenantId, scope, key, asked, value, makes } = request;
  const fingerprint = digest(canonicalJson(asked));
  const now = time.decide();
  const standing = await requests.bind(tenantId, { scope, key, fingerprint, value, boundAt: now });
  if (standing.fingerprint !== fingerprint)
    return problem("idempotency_key_reused", "this Idempotency-Key was used before with another body: use a new key for a new request");
  const { boundAt } = standing;
  const isFirst = standing.value === value && boundAt === now;
  const mayMake = isFirst || (boundAt >= now - KEY_MAKES_MS && boundAt >= (await context.retention.forgotten())[makes]);
  return ok({ value: standing.value, boundAt, mayMake });
}

/** The problem of a key whose run or job does not exist, but may have existed. */
export const keyExpired = ({ boundAt }: Pick<BoundKey, "boundAt">): Problem =>
  problem(
    "idempotency_key_expired",
    `this Idempotency-Key first came at ${toIso(boundAt)}, and what it made has been deleted since: use a new key for a new request`,
  );
