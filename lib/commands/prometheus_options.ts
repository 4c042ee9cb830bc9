/**
 * The options of the formats prometheus and openmetrics, as rows of the table of options.
 *
 * @module
 */
import type { Option, OptionNeed } from "./option_types.ts";

/** The programs whose metric names Prometheus output can have. */
export const COMPAT_PROGRAMS = ["node_exporter"] as const;

/** What Prometheus output can be aggregated by. */
export const AGGREGATES = ["virtual"] as const;

/** Metrics are written, in one of the formats of Prometheus. */
const NEEDS_METRICS: readonly OptionNeed[] = ["prometheus", "openmetrics"].map((value) => ({
  option: "output",
  value,
}));

/** The rows. */
export const PROMETHEUS_OPTIONS: readonly Option[] = [
  {
    name: "compat",
    argument: { name: "PROGRAM", values: COMPAT_PROGRAMS },
    commands: ["show"],
    help: "with prometheus or openmetrics: print the metrics of another program: node_exporter",
    details: "They are the node_ipvs_* metrics of its ipvs collector, with its labels. Real " +
      "servers of a fwmark also have the labels virtual_address_family and virtual_fwmark. If " +
      "node_exporter reads them from a file, start it with --no-collector.ipvs.",
    needs: NEEDS_METRICS,
  },
  {
    name: "aggregate",
    argument: { name: "BY", values: AGGREGATES },
    commands: ["show"],
    help: "with prometheus or openmetrics: summarize real servers by virtual server: virtual",
    details: "There are no metrics of single real servers. Each virtual server has the number of " +
      "its real servers in each state, and the sums of their connections. Weights, thresholds " +
      "and counters are not summed.",
    needs: NEEDS_METRICS,
  },
];
