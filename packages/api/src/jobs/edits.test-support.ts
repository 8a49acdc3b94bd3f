import { apiUnderTest, minimalJob, type ApiSetup } from "../api-under-test.test-support.ts";

/** An api with short forms of what edits a job. */
export async function editsUnderTest(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const put = (id: string, changes: object = {}, headers: Record<string, string> = {}) =>
    under.call(`PUT /jobs/${id}`, { body: { ...minimalJob, ...changes }, headers });
  const patch = (id: string, body: object, headers: Record<string, string> = {}) => under.call(`PATCH /jobs/${id}`, { body, headers });
  const runs = async (id: string) => (await under.call(`GET /runs?jobId=${id}`)).body.items;
  return { ...under, put, patch, runs, [Symbol.asyncDispose]: under.stop };
}
