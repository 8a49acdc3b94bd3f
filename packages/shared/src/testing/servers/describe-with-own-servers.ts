import { startContainer, type ServerContainer } from "./containers.ts";
import { createDescribeWithServers, JEST_TOOLS } from "./describe-with-servers.ts";
import { SERVERS, type ServerName, type Servers } from "./servers.ts";

/** Servers that only one test file uses, so that any of them may be killed. To be read inside tests and hooks. */
export interface OwnServers extends Servers {
  readonly findContainerFaults: (name: ServerName) => ServerContainer["faults"];
}

/** Servers named in the environment are in use by others, and are not used here. */
const OTHERS = new Set(Object.values(SERVERS).map(({ urlVariable }) => urlVariable));
const env = Object.fromEntries(Object.entries(JEST_TOOLS.env).filter(([name]) => !OTHERS.has(name)));

/** As `describeWithServers`, on containers of its own. */
export async function describeWithOwnServers(
  name: string,
  needs: readonly ServerName[],
  body: (servers: OwnServers) => void,
): Promise<void> {
  const containers = new Map<ServerName, ServerContainer>();
  const describeWithServers = createDescribeWithServers({
    ...JEST_TOOLS,
    env,
    async startContainer(server, image) {
      const container = await startContainer(server, image);
      containers.set(server, container);
      return container;
    },
  });
  await describeWithServers(name, needs, (servers) => {
    const findContainerFaults = (server: ServerName): ServerContainer["faults"] => {
      const container = containers.get(server);
      if (container === undefined) throw new Error(`no ${server} here: name it in what the suite needs, and ask in tests`);
      return container.faults;
    };
    body(Object.assign(servers, { findContainerFaults }));
  });
}
