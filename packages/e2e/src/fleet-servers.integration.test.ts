import { afterEach, expect, jest, test } from "@jest/globals";
import { describeWithOwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import { setTimeout as wait } from "node:timers/promises";
import { driveFleet, type DrivenFleet } from "./fleet/driven-fleet.ts";
import { replayAll } from "./fleet/replay.ts";
import { createEndings } from "./product/endings.ts";
import { printFigures } from "./product/figures.ts";

jest.setTimeout(600_000);

/** For how long Redis is gone. `REDIS_AWAY_MS=120000`: the two minutes after which nothing is in flight any more. */
const REDIS_AWAY_MS = Number(process.env["REDIS_AWAY_MS"] ?? 25_000);
/** For how long any other server is gone: longer than a request waits for one, shorter than what is late becomes a misfire. */
const AWAY_MS = 8_000;
/** Before a fault, between two, and after: so that the services work in the meantime. */
const WORK_MS = 4_000;

const endings = createEndings();
afterEach(endings.run);

/** The services go on working: an effect of something that became due after this call. */
async function goOn({ recorder }: DrivenFleet): Promise<number> {
  const since = Date.now();
  for (;;) {
    await recorder.nextStart();
    const latest = recorder.effects().at(-1);
    if (latest !== undefined && latest.scheduledFor > since) return Date.now() - since;
  }
}

await describeWithOwnServers("the servers of the services", ["mongodb", "kafka", "redis", "registry"], (servers) => {
  test("services that run need no registry that answers; a broker that is killed, and one that stands still, only delay", async () => {
    const driven = await driveFleet({ servers, endings });
    const [kafka, registry] = [servers.findContainerFaults("kafka"), servers.findContainerFaults("registry")];
    await registry.pause();
    await expect(fetch(servers.registryUrl, { signal: AbortSignal.timeout(WORK_MS) })).rejects.toThrow("timeout");
    const withoutRegistryMs = await goOn(driven);
    await registry.unpause();
    await kafka.kill();
    await wait(AWAY_MS);
    await kafka.start();
    const backMs = await goOn(driven);
    await kafka.pause();
    await wait(AWAY_MS);
    await kafka.unpause();
    const againMs = await goOn(driven);
    await driven.judge("registry frozen; broker killed, then frozen");
    printFigures(
      `  at work ${withoutRegistryMs} ms into a time without registry, ${backMs} ms after the broker was started again, ${againMs} ms after it went on`,
    );
  });

  test(`a Redis that comes back empty, is disconnected, and is unavailable for ${REDIS_AWAY_MS} ms delays no run`, async () => {
    const driven = await driveFleet({ servers, endings });
    const redis = servers.findContainerFaults("redis");
    await wait(WORK_MS);
    await redis.kill();
    await redis.start();
    const emptyMs = await goOn(driven);
    await redis.disconnect();
    await wait(AWAY_MS);
    const cutOffMs = await goOn(driven);
    await redis.connect();
    await wait(WORK_MS);
    await redis.kill();
    await wait(REDIS_AWAY_MS);
    const goneMs = await goOn(driven);
    await redis.start();
    await driven.fleet.allLed();
    await driven.judge("Redis empty, cut off, gone");
    printFigures(`  at work ${emptyMs} ms after Redis was back empty, ${cutOffMs} ms while it was cut off, ${goneMs} ms while it was gone`);
    expect(driven.fleet.members.flatMap(({ crashes }) => crashes)).toEqual([]);
  });

  test("a store that is killed, and one that is cut off, only delays, and what it acknowledged stands", async () => {
    const driven = await driveFleet({ servers, endings });
    const store = servers.findContainerFaults("mongodb");
    await wait(WORK_MS);
    await store.kill();
    await wait(AWAY_MS);
    await store.start();
    const backMs = await goOn(driven);
    await store.disconnect();
    await wait(AWAY_MS);
    await store.connect();
    const connectedMs = await goOn(driven);
    await driven.judge("store killed, then cut off");
    printFigures(`  at work ${backMs} ms after the store was started again, ${connectedMs} ms after it was connected again`);
    expect(driven.driver.ledger.counts.unanswered).toBeGreaterThan(0);
  });

  test("everything the broker still has, delivered once more from its beginning, changes nothing", async () => {
    const driven = await driveFleet({ servers, endings });
    const { fleet } = driven;
    await wait(2 * WORK_MS);
    await Promise.all(fleet.members.map((member) => member.end()));
    const replayed = await replayAll(servers.kafkaBrokers);
    for (const member of fleet.members) member.start();
    await fleet.allLed();
    await goOn(driven);
    await driven.judge("all groups reset to their beginning");
    printFigures(`  messages delivered again: ${JSON.stringify(replayed)}`);
    expect(await fleet.total("tickline_claims_total", 'outcome="lost"')).toBeGreaterThan(0);
  });
});
