import type { Instant } from "@tickline/shared/domain/instant";
import type { ApiContext } from "../api-context.ts";
import { ok, type Step } from "../http/parsed.ts";
import { bindRequest, type BindRequest } from "../jobs/bind-request.ts";

/** What makes the run of a request the same run when the request is repeated. */
export interface RequestStamp {
  readonly scheduledFor: Instant;
  readonly key: string;
  /** False: the run may have been made and forgotten, and must not be made again. See `BoundKey`. */
  readonly mayMake: boolean;
}

/** The instant and key of a request. With an `Idempotency-Key` they are those of its first coming; without one nobody can repeat it. */
export async function stampOf(
  context: ApiContext,
  { key, ...request }: Omit<BindRequest, "key" | "value" | "makes"> & { readonly key: string | null },
): Promise<Step<RequestStamp>> {
  const now = context.time.decide();
  if (key === null) return ok({ scheduledFor: now, key: context.entropy.newId(), mayMake: true });
  const bound = await bindRequest(context, { ...request, key, value: String(now), makes: "runs" });
  return bound.kind === "problem" ? bound : ok({ scheduledFor: Number(bound.value.value), key, mayMake: bound.value.mayMake });
}
