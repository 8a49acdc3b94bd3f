/** The paths for operators, which are answered until the end of a stop. */
const OF_THE_SERVICE: ReadonlySet<string> = new Set(["/livez", "/readyz", "/metrics"]);

export const isOfTheService = (path: string): boolean => OF_THE_SERVICE.has(path);
