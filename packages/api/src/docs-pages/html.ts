/** Text that is already HTML. */
export interface Html {
  readonly html: string;
}
export type HtmlPart = Html | string | readonly HtmlPart[];

/** HTML with inserted parts. A part that is not HTML is escaped. */
export const html = (texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html => ({
  html: String.raw({ raw: texts }, ...parts.map(toText)),
});

function toText(part: HtmlPart): string {
  if (typeof part === "string") return part.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
  return "html" in part ? part.html : part.map(toText).join("");
}

/** A sentence in which `backquotes` mark code. */
export const sentence = (text: string): Html =>
  html`${text.split("`").map((part, index): HtmlPart => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
