import { expectedStatusesFault } from "./expected-statuses.ts";
import { jobHeaderNameFault } from "./http-header-name.ts";
import { httpUrlFault } from "./http-url.ts";

/**
 * Formats that the JSON Schema of a handler's params may name beside the standard ones. Each says what is wrong with a text, as a sentence
 * without its subject, or null. The api checks params by them; who does not know them checks less.
 */
export const PARAMS_FORMATS = {
  "http-header-name": jobHeaderNameFault,
  "http-statuses": expectedStatusesFault,
  "http-url": httpUrlFault,
} as const satisfies Readonly<Record<string, (text: string) => string | null>>;
