/** What a target does when it is called, as its URL says. */
export interface TargetBehaviour {
  /** Names the definition in whose params the URL stands. */
  readonly mark: string;
  /** Milliseconds until it answers. */
  readonly slowMs: number;
  /** Attempts below this number are answered with `failStatus`, the others with 200. */
  readonly failUntil: number;
  readonly failStatus: number;
}

/** The URL of a job for this behaviour. */
export const targetUrl = (recorderUrl: string, { mark, slowMs = 0, failUntil = 0, failStatus = 500 }: TargetWish): string => {
  const query = new URLSearchParams({ slowMs: String(slowMs), failUntil: String(failUntil), failStatus: String(failStatus) });
  return `${recorderUrl}/effects/${encodeURIComponent(mark)}?${query.toString()}`;
};
export type TargetWish = Pick<TargetBehaviour, "mark"> & Partial<TargetBehaviour>;

/** Null: not the URL of a target. */
export function parseBehaviour(path: string): TargetBehaviour | null {
  const url = new URL(path, "http://recorder");
  const match = /^\/effects\/([^/]+)$/.exec(url.pathname);
  if (match?.[1] === undefined) return null;
  const number = (name: string, fallback: number): number => Number(url.searchParams.get(name) ?? fallback);
  return {
    mark: decodeURIComponent(match[1]),
    slowMs: number("slowMs", 0),
    failUntil: number("failUntil", 0),
    failStatus: number("failStatus", 500),
  };
}
