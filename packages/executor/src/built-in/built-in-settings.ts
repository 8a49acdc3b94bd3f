import { defineSetting } from "@tickline/shared/runtime/config/config";
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
};
