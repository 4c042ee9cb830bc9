/**
 * Every known difference between `--compat node_exporter` and node_exporter's own `ipvs` collector.
 * docs/node-exporter.md has them as a table; node_exporter.ts finds each in the lab, and no others.
 */
import type { PrometheusSample } from "../_output_parsers.ts";

/** The labels of node_exporter. */
export const LABELS = [
  ...["local_address", "local_port", "proto", "local_mark", "remote_address", "remote_port"],
];

/** The labels that it does not have. */
export const FWMARK_LABELS = ["virtual_address_family", "virtual_fwmark"];

/** The samples that have the same name and the same labels of node_exporter, if they differ. */
export interface Deviation {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly own: readonly PrometheusSample[];
  readonly theirs: readonly PrometheusSample[];
}

/** A row of the table. */
export interface Difference {
  readonly subject: string;
  readonly ipvstat: string;
  readonly nodeExporter: string;
}

/** A difference of single real servers. */
export interface ServerDifference extends Difference {
  /** Whether it explains a deviation, given all deviations. */
  readonly explains: (deviation: Deviation, all: readonly Deviation[]) => boolean;
}

/** The differences of the metrics of real servers. */
export const SERVER_DIFFERENCES: readonly ServerDifference[] = [
  {
    subject: "Real servers of an SCTP service",
    ipvstat: '`proto="SCTP"`, with the address and port of their service',
    nodeExporter: "labels of the service before it in `/proc/net/ip_vs`",
    explains: (deviation, all) => isMoved(deviation, all, ({ proto }) => proto === "SCTP"),
  },
  {
    subject: "The same fwmark and real server in IPv4 and IPv6",
    ipvstat: "two series, which differ in `virtual_address_family`",
    nodeExporter: "one series with the sum, also of the weights",
    explains: ({ own, theirs }) =>
      own.length === 2 && theirs.length === 1 && own.every(hasFwmarkLabels) &&
      valueOf(own) === valueOf(theirs) &&
      own[0]!.labels.get("virtual_address_family") !== own[1]!.labels.get("virtual_address_family"),
  },
  {
    subject: "Labels of a fwmark",
    ipvstat: "also `virtual_fwmark`, in decimal, and `virtual_address_family`",
    nodeExporter: "only `local_mark`, in hexadecimal",
    explains: ({ own, theirs }) =>
      own.length === 1 && theirs.length === 1 && own.every(hasFwmarkLabels) &&
      valueOf(own) === valueOf(theirs),
  },
  {
    subject: "An IPv4-mapped IPv6 address",
    ipvstat: "`::ffff:192.0.2.1`",
    nodeExporter: "`192.0.2.1`, as if it were IPv4",
    explains: (deviation, all) =>
      isMoved(deviation, all, ({ local_address: address = "" }) => address.startsWith("::ffff:")),
  },
];

/** The differences of `--aggregate virtual` and `--collector.ipvs.backend-labels`. */
export const AGGREGATE_DIFFERENCES: readonly Difference[] = [
  {
    subject: "Weights with `--aggregate virtual`",
    ipvstat: "none",
    nodeExporter: "summed with `--collector.ipvs.backend-labels`",
  },
  {
    subject: "Services without real servers with `--aggregate virtual`",
    ipvstat: "series of value 0",
    nodeExporter: "none",
  },
];

/** The sum of the values. */
export function valueOf(samples: readonly PrometheusSample[]): number {
  return samples.reduce((sum, { value }) => sum + Number(value), 0);
}

/** Whether the labels that node_exporter lacks are those of the fwmark, and no others. */
function hasFwmarkLabels({ labels }: PrometheusSample): boolean {
  const added = [...labels.keys()].filter((name) => !LABELS.includes(name)).sort();
  return added.join() === FWMARK_LABELS.join() &&
    labels.get("proto") === "FWM" &&
    Number(labels.get("virtual_fwmark")) === parseInt(labels.get("local_mark")!, 16);
}

/** Whether ipvstat has the real server under a service, and node_exporter under another one. */
function isMoved(
  { name, labels, own, theirs }: Deviation,
  all: readonly Deviation[],
  isService: (labels: Deviation["labels"]) => boolean,
): boolean {
  if (own.length + theirs.length !== 1) return false;
  const others = all.filter((other) =>
    other.name === name && other.own.length === theirs.length &&
    other.theirs.length === own.length &&
    valueOf(other.own) === valueOf(theirs) && valueOf(other.theirs) === valueOf(own) &&
    other.labels["remote_address"] === labels["remote_address"] &&
    other.labels["remote_port"] === labels["remote_port"]
  );
  return others.length === 1 && isService(own.length === 1 ? labels : others[0]!.labels);
}
