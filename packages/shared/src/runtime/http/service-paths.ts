/** What those ask who run the service, and what is answered to the very end of a stop. */
const OF_THE_SERVICE: ReadonlySet<string> = new Set(["/livez", "/readyz", "/metrics"]);

export const isOfTheService = (path: string): boolean => OF_THE_SERVICE.has(path);
