const YEARS = /^(?:\*|\d{4})[\d,/-]*$/;

/**
 * The fields of a cron line as Amazon EventBridge writes it, minute to day of week and year; null for other lines. It
 * is inside `cron( )`, or is recognised by a `?` in the place of hours or months in our lines of six fields.
 */
export function eventBridgeFields(line: string): string[] | null {
  const inside = /^cron ?\((.*)\)$/i.exec(line)?.[1];
  if (inside !== undefined) return inside.trim().split(" ");
  const texts = line.split(" ");
  const [, , day, , weekday, years = ""] = texts;
  return texts.length === 6 && (day === "?" || weekday === "?") && YEARS.test(years) ? texts : null;
}
