import { toIso } from "@tickline/shared/domain/time/instant";
import { COMMAND_AGE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { Command } from "@tickline/shared/events/command";
import type { ApiContext } from "../api-context.ts";
import { IDEMPOTENCY_KEY_LENGTH_MAX, isIdempotencyKey } from "../request/idempotency-key.ts";
import { quote } from "../problems/quote.ts";
import { refused, type Refusal } from "./command-outcome.ts";

/** The maximum age of a command: half of the retention of its topic. The record of an older command may have been deleted already. */
export const maxCommandAgeMs = (topicRetentionMs: number): number => Math.min(topicRetentionMs / 2, COMMAND_AGE_MS_MAX);

/** Why the envelope alone makes a command invalid; null: it does not. */
export function envelopeRefusal(
  { time: clock, config: { commandAgeMsMax } }: Pick<ApiContext, "time" | "config">,
  { id, tenantId, time }: Command,
): Refusal | null {
  if (tenantId !== DEFAULT_TENANT)
    return refused("unknown_tenant", `there is no tenant ${quote(tenantId)}: ${DEFAULT_TENANT} is the only one`);
  if (!isIdempotencyKey(id))
    return refused("bad_command_id", `ce_id has to be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`);
  if (Math.abs(clock.decide() - time) <= commandAgeMsMax) return null;
  return refused("command_too_old", `its ce_time is ${toIso(time)}: commands are taken within ${commandAgeMsMax / 1_000} seconds of it`);
}
