import { readFile, writeFile } from "node:fs/promises";
import { configDocs } from "@tickline/shared/runtime/config/config";
import { jobFieldDocs } from "./job-docs.ts";
import { ENV_EXAMPLE, SETTINGS_BY_PROCESS } from "./config-docs.ts";

/** `npm run docs`: writes the settings into `.env.example` and docs/configuration.md, and the fields of a job into docs/jobs.md, each table between its two marks. */
const ROOT = new URL("../../../", import.meta.url);
const PAGE = new URL("docs/configuration.md", ROOT);

await writeFile(new URL(".env.example", ROOT), ENV_EXAMPLE);
let page = await readFile(PAGE, "utf8");
for (const [name, table] of Object.entries(SETTINGS_BY_PROCESS)) {
  const marks = new RegExp(`(<!-- settings: ${name} -->\\n)[^]*?(<!-- /settings -->)`);
  page = page.replace(marks, (_, begin: string, end: string) => `${begin}\n${configDocs(table)}\n\n${end}`);
}
await writeFile(PAGE, page);

const JOBS_PAGE = new URL("docs/jobs.md", ROOT);
const jobs = await readFile(JOBS_PAGE, "utf8");
await writeFile(
  JOBS_PAGE,
  jobs.replace(
    /(<!-- fields: job -->\n)[^]*?(<!-- \/fields -->)/,
    (_, begin: string, end: string) => `${begin}\n${jobFieldDocs()}\n\n${end}`,
  ),
);
