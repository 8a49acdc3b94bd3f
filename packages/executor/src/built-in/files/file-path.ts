import { posix, win32 } from "node:path";
import { z } from "zod";

/** Longest path in params, in characters. */
const PATH_LENGTH_MAX = 1_024;

/** Relative, without steps upwards: the folder may not be left. Both kinds of separators are vetted, whatever the system is. */
export function pathFault(path: string): string | null {
  if (path === "") return "must name a file";
  if (path.includes("\0")) return "must not contain a null character";
  if (posix.isAbsolute(path) || win32.isAbsolute(path) || /^[a-z]:/i.test(path)) return "must be relative to the folder of files";
  if (path.split(/[/\\]/).includes("..")) return 'must not contain ".."';
  return null;
}

/** The path of a file in the folder that the executor was given. */
export const FilePathSchema = z
  .string()
  .min(1)
  .max(PATH_LENGTH_MAX)
  .superRefine((path, context) => {
    const message = pathFault(path);
    if (message !== null) context.addIssue({ code: "custom", message });
  })
  .meta({ description: "A path below the folder of files (`FILES_DIR`), such as `in/orders.csv`." });
