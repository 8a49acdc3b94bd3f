import { ok, type Step } from "./parsed.ts";
import { problem } from "./problem.ts";

export type HeaderOf = (name: string) => string | undefined;

/** The versions of a job that a request may meet: `any` existing one, one of `versions`, or, with `none`, only no job at all. */
export type Condition =
  | { readonly kind: "always" }
  | { readonly kind: "any" }
  | { readonly kind: "none" }
  | { readonly kind: "versions"; readonly versions: readonly string[] };

export const ALWAYS: Condition = { kind: "always" };

/** The strong entity tag of a version. It changes by edits only, never by fires, so it guards edits; it is no use for caches. */
export const etagOf = (version: number): string => `"${version}"`;

const TAGS = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*$/;

/** Reads `If-Match` and `If-None-Match: *`. Weak tags never match, as RFC 9110 has it. */
export function conditionOf(header: HeaderOf): Step<Condition> {
  const ifMatch = header("if-match")?.trim();
  const ifNoneMatch = header("if-none-match")?.trim();
  if (ifMatch === undefined) return ok(ifNoneMatch === "*" ? { kind: "none" } : ALWAYS);
  if (ifMatch === "*") return ok({ kind: "any" });
  if (!TAGS.test(ifMatch)) return problem("bad_header", 'If-Match has to be * or quoted versions such as "3", as ETag gives them');
  return ok({ kind: "versions", versions: ifMatch.split(",").map((tag) => tag.trim()) });
}

/** True when a job at this version, or no job (null), is what the request wants to meet. */
export function meets(condition: Condition, version: number | null): boolean {
  switch (condition.kind) {
    case "always":
      return true;
    case "any":
      return version !== null;
    case "none":
      return version === null;
    case "versions":
      return version !== null && condition.versions.includes(etagOf(version));
  }
}
