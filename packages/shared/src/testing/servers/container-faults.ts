/** Faults of a server, each with the method that undoes it. */
export interface ContainerFaults {
  /** `kill -9`. Its files stay. */
  kill(): Promise<void>;
  /** Starts it again. Resolves when its process has started, which is before it answers. */
  start(): Promise<void>;
  /**
   * Stops its process (SIGSTOP): connections stay open, and nothing answers.
   *
   * @throws {Error} It has more than one process: the others would continue.
   */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Disconnects it from its network: nothing that is sent arrives, in either direction, and neither end receives an error. */
  disconnect(): Promise<void>;
  connect(): Promise<void>;
}

/** Of a container that runs on a single network. */
export async function createContainerFaults(id: string): Promise<ContainerFaults> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const { container: containers, network: networks } = await getContainerRuntimeClient();
  const container = containers.getById(id);
  const [networkName = "bridge"] = Object.keys((await container.inspect()).NetworkSettings.Networks);
  const network = networks.getById(networkName);
  return {
    kill: async () => void (await container.kill()),
    start: async () => void (await container.start()),
    // Not `docker pause`: the freezer of cgroups v1 gives up ("unable to freeze") when a thread waits a little longer for its disk.
    async pause() {
      const { Processes: processes } = await container.top();
      if (processes.length > 1)
        throw new Error(`Container ${id} has ${processes.length} processes; only one that has a single one can be paused.`);
      await container.kill({ signal: "SIGSTOP" });
    },
    unpause: async () => void (await container.kill({ signal: "SIGCONT" })),
    disconnect: async () => void (await network.disconnect({ Container: id, Force: true })),
    connect: async () => void (await network.connect({ Container: id })),
  };
}
