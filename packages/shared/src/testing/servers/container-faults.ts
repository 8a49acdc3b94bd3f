/** What befalls a server: each fault, and what undoes it. */
export interface ContainerFaults {
  /** `kill -9`. Its files stay. */
  kill(): Promise<void>;
  /** Starts it again. Resolves when it is started, which is before it answers. */
  start(): Promise<void>;
  /** Freezes all its processes: connections stay open, and nothing answers. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Takes it off its network: nothing that is sent arrives, in either direction, and nobody is told. */
  disconnect(): Promise<void>;
  connect(): Promise<void>;
}

/** Of a container that runs on a single network. */
export async function faultsOf(id: string): Promise<ContainerFaults> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const { container: containers, network: networks } = await getContainerRuntimeClient();
  const container = containers.getById(id);
  const [networkName = "bridge"] = Object.keys((await container.inspect()).NetworkSettings.Networks);
  const network = networks.getById(networkName);
  return {
    kill: async () => void (await container.kill()),
    start: async () => void (await container.start()),
    pause: async () => void (await container.pause()),
    unpause: async () => void (await container.unpause()),
    disconnect: async () => void (await network.disconnect({ Container: id, Force: true })),
    connect: async () => void (await network.connect({ Container: id })),
  };
}
