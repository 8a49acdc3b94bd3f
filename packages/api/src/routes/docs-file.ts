import { content, type Answer } from "../http/answer.ts";
import { problem } from "../http/problem.ts";
import { readDocsFile } from "../openapi/docs-page.ts";

/** The answer with a file of our pages, asked for at `path`. */
export async function docsFile(name: string, path: string): Promise<Answer> {
  const file = await readDocsFile(name);
  if (file === null) return problem("route_not_found", `there is nothing at ${path}`);
  return content(file.type, file.body, { "Cache-Control": "public, max-age=3600" });
}
