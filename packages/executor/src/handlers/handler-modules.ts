import { registerHooks } from "node:module";
import path from "node:path";

/** The public modules, as TypeScript in development and as JavaScript once built. */
const publicUrl = (name: string): string => new URL(`../${name}${path.extname(import.meta.url)}`, import.meta.url).href;
const PUBLIC: ReadonlyMap<string, string> = new Map([
  ["tickline", publicUrl("tickline")],
  ["tickline/testing", publicUrl("tickline-testing")],
]);
/** Packages that handlers may import without an installation of their own: those of Tickline are used. */
const OURS = /^zod(\/|$)/;
const INSTALLED = /\/node_modules\//;

let registered = false;

/**
 * Lets handler files in any folder import `tickline`, `tickline/testing` and `zod` as if these were installed beside them. Imports of installed packages are not changed:
 * they may need another zod. A second call does nothing.
 */
export function registerHandlerModules(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = PUBLIC.get(specifier);
      if (url !== undefined) return { url, shortCircuit: true };
      const { parentURL = "" } = context;
      // `import.meta.resolve` calls this hook too, for this file. `require` ignores another parent given to `nextResolve`.
      const isOurs = OURS.test(specifier) && !INSTALLED.test(parentURL) && parentURL !== import.meta.url;
      return isOurs ? { url: import.meta.resolve(specifier), shortCircuit: true } : nextResolve(specifier, context);
    },
  });
}
