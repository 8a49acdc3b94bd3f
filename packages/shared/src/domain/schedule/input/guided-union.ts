import { z } from "zod";

/** Returns the option that a value is meant as, or what is wrong with it if it is meant as none. */
export type Guide<Options extends readonly z.ZodType[]> = (
  value: unknown,
) => { readonly option: Options[number] } | { readonly message: string; readonly code: string };

type GuidedUnionDef = z.core.$ZodUnionDef & { readonly guide: Guide<readonly z.ZodType[]> };

const GuidedUnion = z.core.$constructor<z.ZodUnion, GuidedUnionDef>("GuidedUnion", (inst, def) => {
  z.ZodUnion.init(inst, def);
  inst._zod.parse = (payload, ctx) => {
    const guided = def.guide(payload.value);
    if ("option" in guided) return guided.option._zod.run(payload, ctx);
    payload.issues.push({
      code: "custom",
      message: guided.message,
      params: { code: guided.code },
      input: payload.value,
      inst,
      continue: false,
    });
    return payload;
  };
});

/**
 * A union that documents itself as `z.union` does, but calls `guide` to choose the option that a value is meant as, and reads it as
 * that option only. So a fault is reported where it is, instead of as a list of why each option failed. `documented`: the options for
 * documents, if they differ from those that are read.
 */
export const guidedUnion = <const Options extends readonly z.ZodType[]>(
  options: Options,
  guide: Guide<Options>,
  documented: readonly z.ZodType[] = options,
): z.ZodUnion<Options> =>
  new GuidedUnion({ type: "union", options: documented, guide: guide as Guide<readonly z.ZodType[]> }) as unknown as z.ZodUnion<Options>;
