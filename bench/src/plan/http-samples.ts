/** Real answers of Tickline, which the bare handler serialises anew on each request. */
export interface HttpSamples {
  readonly created: object;
  readonly job: object;
  readonly list: object;
}

/** What a person would post. Its first run is far away, so that no run disturbs the requests. */
export const JOB_BODY = JSON.stringify({
  name: "Nightly report",
  handler: "noop",
  schedule: { cron: "0 2 1 1 *", timezone: "Europe/Berlin" },
  params: { account: "acme", rows: 1_000 },
  tags: ["reports"],
});

const readJson = async (answer: Response): Promise<object> => {
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as object;
};

/** Creates `jobs` jobs over HTTP and takes one answer of each kind. */
export async function takeSamples(url: string, jobs: number): Promise<HttpSamples & { readonly jobId: string }> {
  const create = (): Promise<object> =>
    fetch(`${url}/jobs`, { method: "POST", body: JOB_BODY, headers: { "content-type": "application/json" } }).then(readJson);
  for (let made = 1; made < jobs; made += 1) await create();
  const created = (await create()) as { readonly id: string };
  const [job, list] = await Promise.all([fetch(`${url}/jobs/${created.id}`).then(readJson), fetch(`${url}/jobs?limit=50`).then(readJson)]);
  return { created, job, list, jobId: created.id };
}
