import { Liquid } from "liquidjs";
import { EmailFault } from "./email-fault.ts";

/** Longest text that a template may become, in characters. */
const RENDERED_CHARS_MAX = 1_048_576;
/** What one template may cost. Its author need not be trusted. */
const RENDER_MS_MAX = 100;
/** Tags, outputs and texts that are rendered, those of loops each time. */
const RENDERED_PARTS_MAX = 20_000;
/** Members of lists and characters that are made meanwhile. */
const MEMORY_MAX = 1_000_000;

/**
 * Liquid has no code: it reads values, loops, and applies named filters. It gets no files, sees only own members of the values that it is given,
 * and what it costs is limited.
 */
const createEngine = (outputEscape?: "escape"): Liquid =>
  new Liquid({
    templates: {}, // Instead of the file system.
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    renderLimit: RENDER_MS_MAX,
    memoryLimit: MEMORY_MAX,
    ...(outputEscape === undefined ? {} : { outputEscape }),
  });

const plain = createEngine();
const html = createEngine("escape");

export interface TemplateOptions {
  /** The param that has the template, for messages. */
  readonly field: string;
  /** Values are escaped for HTML, unless the template says `| raw`. */
  readonly escapes: boolean;
}

/** Renders one template. Throws an `EmailFault` that says where it is wrong. */
export function renderTemplate(template: string, values: object, { field, escapes }: TemplateOptions): string {
  const rendered = render(template, values, { field, escapes });
  if (rendered.length <= RENDERED_CHARS_MAX) return rendered;
  throw templateFault(field, `it becomes ${rendered.length} characters, at most ${RENDERED_CHARS_MAX} are sent`);
}

function render(template: string, values: object, { field, escapes }: TemplateOptions): string {
  try {
    return String((escapes ? html : plain).parseAndRenderSync(template, values, { templateLimit: RENDERED_PARTS_MAX }));
  } catch (fault) {
    // The first line: others repeat the template.
    throw templateFault(field, (fault instanceof Error ? fault.message : String(fault)).split("\n", 1)[0] ?? "");
  }
}

const templateFault = (field: string, why: string): EmailFault =>
  new EmailFault("email_template", `the template in ${field} cannot be rendered: ${why}`, { retryable: false });
