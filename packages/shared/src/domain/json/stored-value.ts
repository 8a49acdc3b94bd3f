/** Type checks of stored values without a schema, for speed: they run for every job that is read. */

export const isText = (value: unknown): value is string => typeof value === "string";
export const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === "string";
export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
export const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
/** What a clock or a schedule said. */
export const isTime = (value: unknown): value is number => Number.isFinite(value);
export const isTimeOrNull = (value: unknown): value is number | null => value === null || Number.isFinite(value);
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
