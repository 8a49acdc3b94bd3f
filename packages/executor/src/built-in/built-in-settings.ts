import { defineSetting, wholeNumber } from "@tickline/shared/runtime/config/config";
import { z } from "zod";

/** The settings of the built-in handlers in every process that runs them. */
export const BUILT_IN_OPTIONS = {
  filesDir: defineSetting({
    env: "FILES_DIR",
    flag: "files",
    placeholder: "DIR",
    fallback: null,
    schema: z.string().min(1).optional(),
    description: "Folder whose files jobs may read and write. Without it jobs use no files.",
  }),
  computeThreads: defineSetting({
    env: "COMPUTE_THREADS",
    flag: null,
    placeholder: "COUNT",
    fallback: "2",
    schema: wholeNumber(1, 64),
    description: "Threads in which `compute` runs at once. Further attempts wait, within the timeout of their jobs.",
  }),
  computeMemoryMb: defineSetting({
    env: "COMPUTE_MEMORY_MB",
    flag: null,
    placeholder: "MIB",
    fallback: "1024",
    schema: wholeNumber(64, 65_536),
    description: "Memory of each thread of `compute`, in MiB. An attempt that needs more fails with `compute_memory`.",
  }),
};
