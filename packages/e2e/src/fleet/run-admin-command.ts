import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { REPOSITORY } from "../product/product-process.ts";
import { ENVIRONMENT, type Settings } from "./service-process.ts";

const ADMIN_COMMAND = fileURLToPath(new URL("../../../shared/src/wiring/admin-command.ts", import.meta.url));

/** `npm run topics`, `migrate` or `doctor`. Rejects with what it said unless it ends with 0. */
export async function runAdminCommand(word: "topics" | "migrate" | "doctor", settings: Settings): Promise<string> {
  const env = { ...ENVIRONMENT, ...settings };
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@tickline/source", ADMIN_COMMAND, word], {
    cwd: REPOSITORY,
    env,
  });
  return stdout;
}
