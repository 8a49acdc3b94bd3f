import { makeAll } from "../../wait.ts";
import { becomes } from "./fleet.ts";

/** As in the body of `PUT /jobs/:id`. */
export interface JobBody {
  readonly name: string;
  readonly handler: string;
  readonly schedule: Readonly<Record<string, string>>;
  readonly overlap?: "skip" | "allow";
  readonly misfire?: "all";
}

const CREATES_IN_FLIGHT = 32;
const FIRST_MS_MAX = 30_000;

/** A connection that was idle may end just when it is used: what is asked for is the same the second time. */
function put(api: string, id: string, body: JobBody): Promise<Response> {
  const ask = () =>
    fetch(`${api}/jobs/${id}`, { method: "PUT", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  return ask().catch(ask);
}

/** Creates jobs through all apis in turn. The first waits until the apis know its handler. */
export async function makeJobs(
  apis: readonly string[],
  count: number,
  jobAt: (index: number) => readonly [string, JobBody],
): Promise<void> {
  const make = async (index: number): Promise<void> => {
    const answer = await put(apis[index % apis.length] ?? "", ...jobAt(index));
    if (!answer.ok) throw new Error(`job ${index}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer(); // Frees the connection.
  };
  const known = await becomes(FIRST_MS_MAX, async () => {
    const answers = await Promise.all(apis.map((api) => put(api, ...jobAt(0))));
    return answers.every(({ ok }) => ok);
  });
  if (!known) throw new Error(`the apis do not take a first job: ${await (await put(apis[0] ?? "", ...jobAt(0))).text()}`);
  await makeAll(count - 1, CREATES_IN_FLIGHT, (index) => make(index + 1));
}

const PROBES = 200;
/** Between what is known of the pace and the first instant: the machine may become slower meanwhile. */
const LEAD_FACTOR = 2;
const LEAD_MS_MIN = 5_000;

/** How long making so many jobs takes at the most, from how long some took that are due in another century. */
export async function leadMsFor(apis: readonly string[], jobs: number, handler: string): Promise<number> {
  const since = performance.now();
  await makeJobs(apis, PROBES, (index) => [`probe-${index}`, { name: "probe", handler, schedule: { at: "2150-01-01T00:00:00Z" } }]);
  const perJobMs = (performance.now() - since) / PROBES;
  return LEAD_MS_MIN + Math.ceil(jobs * perJobMs * LEAD_FACTOR);
}
