/** The metrics of one process, as it was asked for them at one instant. */
export interface Metrics {
  /** Sum of all samples of this name whose labels include these; 0: there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Values of one label over all samples of this name. */
  values(name: string, label: string): readonly string[];
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus's text format, as far as prom-client writes it. */
export function readMetrics(text: string): Metrics {
  const samples = text.split("\n").flatMap((line) => parseSample(line) ?? []);
  const named = new Map<string, Sample[]>();
  for (const sample of samples) named.set(sample.name, [...(named.get(sample.name) ?? []), sample]);
  return {
    sum(name, labels = {}) {
      const wanted = Object.entries(labels);
      const matching = (named.get(name) ?? []).filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value));
      return matching.reduce((sum, { value }) => sum + value, 0);
    },
    values: (name, label) => [...new Set((named.get(name) ?? []).flatMap(({ labels }) => labels[label] ?? []))],
  };
}

function parseSample(line: string): Sample | null {
  const [, name, labels = "", value] = LINE.exec(line) ?? [];
  if (name === undefined) return null;
  return { name, labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label, text]) => [label, text])), value: Number(value) };
}
