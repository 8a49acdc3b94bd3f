import type { Problem } from "../problems/problem.ts";

export type Headers = Readonly<Record<string, string>>;

/** The answer of a route. */
export type Answer =
  | { readonly kind: "json"; readonly status: number; readonly body: object; readonly headers: Headers | null }
  /** Text that is ready to be sent, or JSON that the route has already serialized. */
  | { readonly kind: "content"; readonly type: string; readonly body: string | Buffer; readonly headers: Headers | null }
  | { readonly kind: "empty"; readonly headers: Headers | null }
  /** A permanent redirect. The location is relative, so that it works behind a proxy that adds a prefix. */
  | { readonly kind: "moved"; readonly location: string }
  /** The route has taken the connection over: an event stream. */
  | { readonly kind: "taken" }
  | Problem;

export const JSON_TYPE = "application/json; charset=utf-8";
export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

export const json = (status: number, body: object, headers: Headers | null = null): Answer => ({ kind: "json", status, body, headers });
export const content = (type: string, body: string | Buffer, headers: Headers | null = null): Answer => ({
  kind: "content",
  type,
  body,
  headers,
});
export const empty = (headers: Headers | null = null): Answer => ({ kind: "empty", headers });
export const TAKEN: Answer = { kind: "taken" };
