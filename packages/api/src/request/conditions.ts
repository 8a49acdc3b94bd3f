import { ok, type Step } from "./parsed.ts";
import { problem } from "../problems/problem.ts";

export type HeaderOf = (name: string) => string | undefined;

/**
 * The versions of a job that a request accepts. `any`: the job exists. `none`: the job does not exist. `versions`: it has one of these.
 * `others`: it has none of these, or does not exist.
 */
export type Condition =
  | { readonly kind: "always" }
  | { readonly kind: "any" }
  | { readonly kind: "none" }
  | { readonly kind: "versions"; readonly versions: readonly string[] }
  | { readonly kind: "others"; readonly versions: readonly string[] }
  | { readonly kind: "both"; readonly conditions: readonly [Condition, Condition] };

export const ALWAYS: Condition = { kind: "always" };

/** The strong entity tag of a version. Only edits change it, fires do not. So it protects edits, and cannot be used for caches. */
export const toEtag = (version: number): string => `"${version}"`;

const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
/** `*` or entity tags, as in RFC 9110. */
export const TAGS = new RegExp(String.raw`^(?:\*|${TAG}(?:[ \t]*,[ \t]*${TAG})*)$`);

/** Reads `If-Match` and `If-None-Match`. By RFC 9110 weak tags never match the former. */
export function readCondition(header: HeaderOf): Step<Condition> {
  const ifMatch = conditionIn("If-Match", header("if-match"), { star: "any", tags: "versions" });
  if (ifMatch.kind === "problem") return ifMatch;
  const ifNoneMatch = conditionIn("If-None-Match", header("if-none-match"), { star: "none", tags: "others" });
  if (ifNoneMatch.kind === "problem" || ifMatch.value.kind === "always") return ifNoneMatch;
  return ifNoneMatch.value.kind === "always" ? ifMatch : ok({ kind: "both", conditions: [ifMatch.value, ifNoneMatch.value] });
}

interface Kinds {
  readonly star: "any" | "none";
  readonly tags: "versions" | "others";
}

function conditionIn(name: string, given: string | undefined, { star, tags }: Kinds): Step<Condition> {
  if (given === undefined) return ok(ALWAYS);
  const value = given.trim();
  if (!TAGS.test(value)) return problem("bad_header", `${name} has to be * or quoted versions such as "3", as ETag gives them`);
  return ok(value === "*" ? { kind: star } : { kind: tags, versions: value.split(",").map((tag) => tag.trim()) });
}

/** True if the condition accepts a job at this version, or no job (null). */
export function meets(condition: Condition, version: number | null): boolean {
  switch (condition.kind) {
    case "always":
      return true;
    case "any":
      return version !== null;
    case "none":
      return version === null;
    case "versions":
      return version !== null && condition.versions.includes(toEtag(version));
    case "both":
      return condition.conditions.every((one) => meets(one, version));
    case "others":
      return version === null || !condition.versions.some((tag) => tag.replace(/^W\//, "") === toEtag(version));
  }
}
