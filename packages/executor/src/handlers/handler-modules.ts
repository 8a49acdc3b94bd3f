import { registerHooks } from "node:module";
import path from "node:path";

/** The public module, as TypeScript in development and as JavaScript once built. */
const TICKLINE_URL = new URL(`../tickline${path.extname(import.meta.url)}`, import.meta.url).href;
/** Packages that handlers may import without an installation of their own: those of Tickline are used. */
const OURS = /^zod(\/|$)/;
const INSTALLED = /\/node_modules\//;

let registered = false;

/**
 * Lets handler files in any folder import `tickline` and `zod` as if these were installed beside them. Imports of installed packages are not changed:
 * they may need another zod. A second call does nothing.
 */
export function registerHandlerModules(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === "tickline") return { url: TICKLINE_URL, shortCircuit: true };
      const { parentURL = "" } = context;
      // `import.meta.resolve` calls this hook too, for this file. `require` ignores another parent given to `nextResolve`.
      const isOurs = OURS.test(specifier) && !INSTALLED.test(parentURL) && parentURL !== import.meta.url;
      return isOurs ? { url: import.meta.resolve(specifier), shortCircuit: true } : nextResolve(specifier, context);
    },
  });
}
