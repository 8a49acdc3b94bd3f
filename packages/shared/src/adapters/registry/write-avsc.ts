import { mkdirSync, writeFileSync } from "node:fs";
import { AVSC_FOLDER, avscFiles } from "./avsc-files.ts";

mkdirSync(AVSC_FOLDER, { recursive: true });
for (const [name, text] of avscFiles()) writeFileSync(new URL(name, AVSC_FOLDER), text);
