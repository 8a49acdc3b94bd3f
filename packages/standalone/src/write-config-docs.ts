import { readFile, writeFile } from "node:fs/promises";
import { configDocs, envExample } from "@tickline/shared/runtime/config";
import { STANDALONE_CONFIG } from "./config.ts";

/** `npm run docs`: writes the settings into `.env.example` and docs/configuration.md, between its two marks. */
const ROOT = new URL("../../../", import.meta.url);
const PAGE = new URL("docs/configuration.md", ROOT);
const MARKS = /(<!-- settings -->\n)[^]*(<!-- \/settings -->)/;

await writeFile(new URL(".env.example", ROOT), envExample(STANDALONE_CONFIG));
const page = await readFile(PAGE, "utf8");
await writeFile(
  PAGE,
  page.replace(MARKS, (_, begin: string, end: string) => `${begin}\n${configDocs(STANDALONE_CONFIG)}\n\n${end}`),
);
