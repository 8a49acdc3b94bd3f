import type { Moment } from "../checker/history.ts";
import { ask, type ApiRequest } from "./api-client.ts";
import { readCode } from "./carry-out.ts";
import type { OwnJob, OwnJobDeps } from "./own-job.ts";
import type { RunView } from "./views.ts";

const KEY_SHARE = 0.6;
const PARAMS_SHARE = 0.4;
/** How often the same key is sent once more, though the first answer came. */
const AGAIN_SHARE = 0.3;

/** Asks for one run now: with a key or without, with other params or the job's own. */
export async function triggerNow(deps: OwnJobDeps, job: OwnJob, serial: number): Promise<void> {
  const { client, whenUp, random, ledger, target, name } = deps;
  const mark = random.chance(PARAMS_SHARE) ? `${name}.trigger${serial}` : null;
  const key = random.chance(KEY_SHARE) ? `${name}.key${serial}` : null;
  const params = mark === null ? undefined : target.params({ mark, ...job.shape.behaviour, failStatus: 500 });
  const request: ApiRequest = {
    method: "POST",
    path: `/jobs/${job.id}/trigger`,
    body: params === undefined ? {} : { params },
    headers: key === null ? {} : { "idempotency-key": key },
  };
  const from = Date.now();
  const moment = (): Moment => ({ from, to: Date.now() });
  ledger.counts.sent += 1;
  let reply = await client.send(request);
  if (reply.kind === "unanswered") {
    ledger.counts.unanswered += 1;
    if (key === null) {
      await whenUp();
      ledger.triggers.push({ jobId: job.id, ...moment(), runId: null, mark });
      return;
    }
    reply = await ask(client, whenUp, request);
  }
  if (reply.status !== 202) {
    const refusal = `trigger ${reply.status} ${readCode(reply.body)}`;
    ledger.counts.refused[refusal] = (ledger.counts.refused[refusal] ?? 0) + 1;
    return;
  }
  const run = reply.body as RunView;
  ledger.triggers.push({ jobId: job.id, ...moment(), runId: run.id, mark });
  if (key === null || !random.chance(AGAIN_SHARE)) return;
  const again = await ask(client, whenUp, request);
  const second = again.status === 202 ? (again.body as RunView).id : again.status;
  if (second !== run.id) ledger.wrongAnswers.push(`key ${key} of ${job.id} made run ${run.id}, then ${second}`);
}
