import { copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { describeUnless } from "@tickline/shared/testing/servers/describe-unless";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { runProduct, type RunningProduct } from "./product/running-product.ts";
import { writeHandlers } from "./schemathesis/handlers.ts";
import { seedProduct } from "./schemathesis/seed.ts";
import { startChild } from "./services/child.ts";
import { installPython, pythonFault } from "./services/python.ts";

/** What the OpenAPI document says and what the service does, compared by schemathesis: `schemathesis/hooks.py` has what no document can say. */

const FOLDER = fileURLToPath(new URL("schemathesis/", import.meta.url));
const INSTALL_MS_MAX = 240_000;
const RUN_MS_MAX = 600_000;
/** Test cases of an operation in each phase that makes them at random. More find more: `SCHEMATHESIS_EXAMPLES=500`. */
const EXAMPLES = process.env["SCHEMATHESIS_EXAMPLES"] ?? "50";

jest.setTimeout(RUN_MS_MAX);

const endings = createEndings();
afterAll(endings.run);

describeUnless(await pythonFault(), "the OpenAPI document", () => {
  let programs: string;
  let product: RunningProduct;
  let config: string;

  beforeAll(async () => {
    const [handlers, folder] = [temporaryFolder(endings), temporaryFolder(endings)];
    writeHandlers(handlers);
    [programs, product] = await Promise.all([
      installPython(endings, join(FOLDER, "requirements.txt")),
      runProduct(endings, { dataDir: join(folder, "data"), args: ["--handlers", handlers], env: { EXTERNAL_QUEUES: "claimed" } }),
    ]);
    config = join(folder, "schemathesis.toml");
    copyFileSync(join(FOLDER, "schemathesis.toml"), config);
    writeFileSync(join(folder, "run-ids.txt"), (await seedProduct(product)).map((id) => `"${id}"\n`).join(""));
  }, INSTALL_MS_MAX);

  test("says what the service takes, and what it answers", async () => {
    const schemathesis = startChild(endings, {
      command: join(programs, "schemathesis"),
      args: ["--config-file", config, "run", `${product.address}/openapi.json`, "--max-examples", EXAMPLES, "--no-color"],
      cwd: dirname(config),
      env: { SCHEMATHESIS_HOOKS: join(FOLDER, "hooks.py"), PYTHONDONTWRITEBYTECODE: "1" },
    });
    const code = await schemathesis.exited;
    if (code !== 0) throw new Error(`schemathesis ended with ${code}:\n${schemathesis.stdout()}${schemathesis.stderr()}`);
    expect(product.running).toBe(true);
    expect(await product.end()).toBe(0);
    expect(product.stderr()).not.toContain("a request failed");
  });
});
