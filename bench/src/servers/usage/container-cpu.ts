import { request } from "node:http";

const SOCKET = "/var/run/docker.sock";

/** CPU seconds of the container that publishes this port on this machine, since it started; null: it cannot be measured here. */
export async function containerCpuSeconds(port: number): Promise<number | null> {
  try {
    const containers = (await ask("/containers/json")) as readonly Container[];
    const container = containers.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port));
    if (container === undefined) return null;
    const stats = (await ask(`/containers/${container.Id}/stats?stream=false&one-shot=true`)) as Stats;
    return stats.cpu_stats.cpu_usage.total_usage / 1e9;
  } catch {
    return null; // No Docker here, or servers elsewhere: a figure less, and no fault of the bench.
  }
}

interface Container {
  readonly Id: string;
  readonly Ports: readonly { readonly PublicPort?: number }[];
}
interface Stats {
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
}

function ask(path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: SOCKET, path, host: "docker" }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
      answer.on("error", reject);
    });
    asking.on("error", reject);
    asking.end();
  });
}
