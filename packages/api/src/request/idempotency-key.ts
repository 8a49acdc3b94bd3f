import { toIso, type Instant } from "@tickline/shared/domain/instant";
import { canonicalJson } from "@tickline/shared/domain/json";
import { KEY_MAKES_MS } from "@tickline/shared/domain/time-limits";
import type { Forgotten } from "@tickline/shared/ports/retention";
import type { ApiContext } from "../api-context.ts";
import { ok, type Step } from "./parsed.ts";
import { problem, type Problem } from "../problems/problem.ts";
import type { HeaderOf } from "./conditions.ts";

/** Longest `Idempotency-Key`, in characters. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Any visible ASCII, as the client made it. */
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
  /** Where the key counts. */
  readonly scope: string;
  readonly key: string;
  /** What was asked: the same key may not ask for something else. */
  readonly asked: unknown;
  /** The uid or instant that this request would use. */
  readonly value: string;
  /** What the request makes. */
  readonly makes: keyof Forgotten;
}

/** A key, as the first request with it has bound it. */
export interface BoundKey {
  /** Ours, or that of the first request. */
  readonly value: string;
  readonly boundAt: Instant;
  /**
   * True: what the key made is still there, unless its request ended before it made anything; then this one makes it. False: it may have
   * been forgotten, and making it would do it a second time.
   */
  readonly mayMake: boolean;
}

/** Binds an idempotency key before anything is made by it. */
export async function bindRequest(context: ApiContext, request: BindRequest): Promise<Step<BoundKey>> {
  const { requests, digest, time } = context;
  const { tenantId, scope, key, asked, value, makes } = request;
  const fingerprint = digest(canonicalJson(asked));
  const now = time.decide();
  const standing = await requests.bind(tenantId, { scope, key, fingerprint, value, boundAt: now });
  if (standing.fingerprint !== fingerprint)
    return problem("idempotency_key_reused", "this Idempotency-Key came before with another body: take a new key for a new request");
  const { boundAt } = standing;
  const isFirst = standing.value === value && boundAt === now;
  const mayMake = isFirst || (boundAt >= now - KEY_MAKES_MS && boundAt >= (await context.retention.forgotten())[makes]);
  return ok({ value: standing.value, boundAt, mayMake });
}

/** The problem of a key whose run or job is not there, and may have been. */
export const keyExpired = ({ boundAt }: Pick<BoundKey, "boundAt">): Problem =>
  problem(
    "idempotency_key_expired",
    `this Idempotency-Key first came at ${toIso(boundAt)}, and what it made has been forgotten since: take a new key for a new request`,
  );
