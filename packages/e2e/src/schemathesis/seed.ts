import type { RunView } from "../driver/views.ts";
import { eventually, type RunningProduct } from "../product/running-product.ts";

/** Jobs of every state, and runs of several, under the ids that `schemathesis.toml` has. Returns the ids of the runs. */
export async function seedProduct(product: RunningProduct): Promise<readonly string[]> {
  const put = (id: string, job: object): Promise<unknown> =>
    product.call("PUT", `/jobs/${id}`, { name: id, schedule: "yearly", handler: "echo", ...job });
  await put("active", { tags: ["seeded"], params: { text: "ä", list: [1, null, { deep: true }] }, overlap: "allow" });
  await put("paused", { schedule: "every 15m", state: "paused" });
  await put("finished", { schedule: { at: new Date(Date.now() + 500).toISOString() }, params: { said: "once" } });
  await put("failed", { handler: "fail", retry: { maxAttempts: 1 } });
  await put("claimed", { queue: "claimed", overlap: "allow", timeoutMs: 86_400_000 });
  await put("often", { schedule: "every 200ms", overlap: "allow" }); // Something happens on every stream.
  await put("running", { handler: "hang", timeoutMs: 86_400_000, overlap: "allow" });
  for (const id of ["active", "active", "paused", "failed", "running", "running", ...Array<string>(20).fill("claimed")])
    await product.call("POST", `/jobs/${id}/trigger`);
  const ended = (state: string, id: string): Promise<RunView> =>
    eventually(async () => (await product.listRuns(id)).find((run) => run.state === state) ?? null);
  await Promise.all([ended("succeeded", "finished"), ended("succeeded", "active"), ended("failed", "failed"), ended("running", "running")]);
  const jobs = ["active", "paused", "finished", "failed", "running"];
  return (await Promise.all(jobs.map((id) => product.listRuns(id)))).flat().map(({ id }) => id);
}
