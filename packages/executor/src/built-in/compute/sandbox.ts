import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle } from "quickjs-emscripten-core";
import type { Clock } from "@tickline/shared/ports/clock";
import { ComputeFault } from "./compute-fault.ts";

/** Memory of the sandbox of one attempt, in bytes. */
const SANDBOX_BYTES_MAX = 67_108_864;
const SANDBOX_STACK_BYTES_MAX = 524_288;
/** Expressions get this long for one batch of rows, in milliseconds. */
export const BATCH_MS_MAX = 10_000;

export interface SandboxOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Decides the random numbers: the same on every attempt of a run. */
  readonly seed: number;
  /** Default `BATCH_MS_MAX`. */
  readonly batchMsMax?: number;
}

/** JavaScript of users, in an interpreter of its own that has no access to the process: only texts go in and come out. */
export interface Sandbox {
  /** Evaluates code to a function of texts. Throws `expression_failed` if it cannot be read. */
  compile(code: string, what: string): (...texts: readonly string[]) => string;
}

/** `Math.random` by mulberry32. Globals that the step's own code uses are kept, because expressions may replace them. */
const toPrelude = (seed: number): string => `
  globalThis.$stringify = JSON.stringify; globalThis.$parse = JSON.parse;
  let seed = ${seed >>> 0};
  Math.random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };`;

export async function openSandbox({ clock, seed, batchMsMax = BATCH_MS_MAX }: SandboxOptions): Promise<Sandbox> {
  const quickjs = await newQuickJSWASMModuleFromVariant(import("@jitl/quickjs-wasmfile-release-sync"));
  const context = quickjs.newContext();
  let endsAtMs = Infinity;
  context.runtime.setMemoryLimit(SANDBOX_BYTES_MAX);
  context.runtime.setMaxStackSize(SANDBOX_STACK_BYTES_MAX);
  context.runtime.setInterruptHandler(() => clock.monotonicMs() > endsAtMs);
  evaluate(toPrelude(seed), "the prelude").dispose();

  function evaluate(code: string, what: string): QuickJSHandle {
    endsAtMs = clock.monotonicMs() + batchMsMax;
    const result = context.evalCode(code, "expression.js");
    if (result.error !== undefined) throw toFault(context, result.error, { what, batchMsMax });
    return result.value;
  }
  return {
    compile(code, what) {
      const compiled = evaluate(code, what);
      return (...texts) => {
        endsAtMs = clock.monotonicMs() + batchMsMax;
        const handles = texts.map((text) => context.newString(text));
        const result = context.callFunction(compiled, context.undefined, ...handles);
        for (const handle of handles) handle.dispose();
        if (result.error !== undefined) throw toFault(context, result.error, { what, batchMsMax });
        const text = context.getString(result.value);
        result.value.dispose();
        return text;
      };
    },
  };
}

interface Evaluated {
  readonly what: string;
  readonly batchMsMax: number;
}

function toFault(context: QuickJSContext, error: QuickJSHandle, { what, batchMsMax }: Evaluated): ComputeFault {
  const thrown: unknown = context.dump(error);
  error.dispose();
  const { name = "", message = "" } = (typeof thrown === "object" && thrown !== null ? thrown : { message: thrown }) as {
    readonly name?: unknown;
    readonly message?: unknown;
  };
  const said = `${name === "" ? "" : `${String(name)}: `}${String(message)}`;
  if (said === "InternalError: interrupted")
    return new ComputeFault("expression_timeout", `${what}: the expressions ran longer than ${batchMsMax} ms for one batch of rows`);
  if (said.includes("out of memory") || thrown === null) return memoryFault(what); // Without memory there may be no error to throw.
  return new ComputeFault("expression_failed", `${what}: ${said}`);
}

export const memoryFault = (what: string): ComputeFault =>
  new ComputeFault("expression_memory", `${what}: the expressions need more than ${SANDBOX_BYTES_MAX} bytes of memory`);
