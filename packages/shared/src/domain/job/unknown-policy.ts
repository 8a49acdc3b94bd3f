import { UNCERTAIN_POLICIES, type JobDefinition } from "./job-definition.ts";
import { OVERLAP_POLICIES } from "../policy/overlap.ts";
import { MISFIRE_POLICIES } from "../policy/misfire.ts";

/** A policy that a newer version wrote and this one does not know; null: it knows them all. */
export function findUnknownPolicy({ overlap, onUncertain, misfire }: JobDefinition): string | null {
  if (!OVERLAP_POLICIES.includes(overlap)) return `this version knows no overlap policy ${JSON.stringify(overlap)}`;
  if (!UNCERTAIN_POLICIES.includes(onUncertain)) return `this version knows no onUncertain ${JSON.stringify(onUncertain)}`;
  if (!MISFIRE_POLICIES.includes(misfire.policy)) return `this version knows no misfire policy ${JSON.stringify(misfire.policy)}`;
  return null;
}
