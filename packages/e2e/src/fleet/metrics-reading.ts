import type { FleetMember } from "./fleet-member.ts";

/** The sum of one metric over all its labels, or those that match, as a process shows it at the moment; 0 while it does not answer. */
export async function readMetric(member: Pick<FleetMember, "url">, name: string, labels = ""): Promise<number> {
  if (member.url === null) return 0;
  try {
    const response = await fetch(`${member.url}/metrics`, { signal: AbortSignal.timeout(1_000) });
    return sumMetric(await response.text(), name, labels);
  } catch {
    return 0;
  }
}

/** `labels`: a part of what stands between the braces. */
export const sumMetric = (text: string, name: string, labels: string): number =>
  text
    .split("\n")
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
