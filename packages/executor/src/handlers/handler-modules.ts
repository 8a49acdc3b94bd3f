import { registerHooks } from "node:module";
import path from "node:path";

/** The public module, as TypeScript in development and as JavaScript once built. */
const TICKLINE_URL = new URL(`../tickline${path.extname(import.meta.url)}`, import.meta.url).href;
/** Packages that handlers may import without having them installed: ours are used. */
const OURS = /^zod(\/|$)/;
const INSTALLED = /\/node_modules\//;

let registered = false;

/**
 * Lets handler files, wherever they stand, import `tickline` and `zod` as if they were installed beside them. What an
 * installed package imports is left alone: it may need another zod. Registering again does nothing.
 */
export function registerHandlerModules(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === "tickline") return { url: TICKLINE_URL, shortCircuit: true };
      const { parentURL = "" } = context;
      // `import.meta.resolve` comes here too, for this file. Another parent given to `nextResolve` is ignored by `require`.
      const isOurs = OURS.test(specifier) && !INSTALLED.test(parentURL) && parentURL !== import.meta.url;
      return isOurs ? { url: import.meta.resolve(specifier), shortCircuit: true } : nextResolve(specifier, context);
    },
  });
}
