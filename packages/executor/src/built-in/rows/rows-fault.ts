/** Rows cannot be processed as the steps say. Another attempt would fail in the same way. */
export class RowsFault extends Error {
  override readonly name = "RowsFault";
  readonly code = "bad_rows";
  readonly retryable = false;
}

/** Longest excerpt of a value in a message, in characters. */
const EXCERPT_LENGTH_MAX = 60;

export function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > EXCERPT_LENGTH_MAX ? `${text.slice(0, EXCERPT_LENGTH_MAX)}…` : text;
}
