import { expect, test } from "@jest/globals";
import { DEFINITION_GRACE_MS } from "../../../ports/store/retention.ts";
import { newJob, START } from "../../../testing/factories.ts";
import { newDefinitionRow } from "../jobs/definition-row.ts";
import { sweepDefinitions } from "./definition-sweep.ts";
import { memoryContext } from "../collections/memory-rows.test-support.ts";

const [a, b] = [newJob({ id: "a" }), newJob({ id: "b" })];

/** Two definitions that were unreferenced for a grace, each with its own token. */
async function setup(onForget: (context: ReturnType<typeof memoryContext>) => void) {
  let forgetting = false;
  const context = memoryContext(({ method }) => {
    if (method !== "deleteEach" && method !== "deleteMany") return;
    if (!forgetting) onForget(context);
    forgetting = true;
  });
  const rows = [a, b].map(({ uid, definitionHash, definition }, index) => ({
    ...newDefinitionRow({ jobUid: uid, definitionHash }, definition, { named: `named-${index}`, lookAt: START }),
    found: { use: "nobody" as const, since: START - DEFINITION_GRACE_MS },
  }));
  await context.rows.definitions.insert(rows);
  return context;
}

const SWEEP = { now: START, limit: 10 };

test("a definition that was unreferenced for a grace is deleted", async () => {
  const context = await setup(() => {});
  expect(await sweepDefinitions(context, SWEEP)).toMatchObject({ definitions: 2 });
  expect(context.rows.definitions.all()).toEqual([]);
});

test("one that was named meanwhile by the call that had named the other is kept, though another sweep has found it unused again", async () => {
  const found = { use: "nobody", since: START };
  const context = await setup(({ rows }) => {
    const renamed = rows.definitions.all()[0]!;
    void rows.definitions.updateMany({ _id: { $eq: renamed._id } }, { $set: { named: "named-1", found } });
  });
  expect(await sweepDefinitions(context, SWEEP)).toMatchObject({ definitions: 1 });
  expect(context.rows.definitions.all()).toMatchObject([{ jobUid: a.uid, named: "named-1" }]);
});
