/**
 * Rules of the tuning audit about the connection table and the estimator.
 *
 * @module
 */
import { countOf } from "../output/human.ts";
import { type Rule, setCommand } from "./tuning_facts.ts";

/** The largest `conn_tab_bits` that every kernel accepts. */
const MAX_BITS = 20;

/** Before Linux 7.1, the size is fixed when ip_vs is loaded, for all network namespaces. */
const connectionTable: Rule = ({ snapshot: { info, kernelStatus }, summary, since }) => {
  if (info === null || kernelStatus !== null || since?.(7, 1) !== false) return undefined;
  const { connectionTableSize: size } = info;
  const { connections } = summary;
  const bits = Math.min(MAX_BITS, Math.ceil(Math.log2(2 * connections)));
  if (size === 0 || connections <= size || 2 ** bits <= size) return undefined;
  return {
    id: "connection_table",
    finding: `${
      countOf(connections, "connection")
    } in a table of ${size} buckets make lookups slow`,
    fix: [`set options ip_vs conn_tab_bits=${bits} in /etc/modprobe.d/, and load ip_vs again`],
  };
};

const estimatorPriority: Rule = ({ settings: { estNice } }) => {
  if (estNice === null || estNice <= 0) return undefined;
  return {
    id: "estimator_priority",
    finding: `net.ipv4.vs.est_nice is ${estNice}: on a busy machine, counters and rates may be ` +
      "updated late",
    fix: [setCommand("est_nice=0")],
  };
};

/** Each virtual server and each real server has an estimator. */
const estimatorCapacity: Rule = ({ settings, snapshot, summary }) => {
  const { threadSlotsLimit, threadCapacity } = snapshot.kernelStatus?.estimator ?? {};
  if (!threadSlotsLimit || !threadCapacity) return undefined;
  const estimators = snapshot.virtualServers.length + summary.realServers;
  const capacity = threadSlotsLimit * threadCapacity;
  if (estimators <= capacity) return undefined;
  return {
    id: "estimator_capacity",
    finding:
      `${estimators} servers need more estimators than the ${capacity} that the threads on ` +
      `CPUs ${settings.estCpulist} can handle`,
    fix: [setCommand("est_cpulist=all")],
  };
};

/** The rules. */
export const SYSTEM_RULES: readonly Rule[] = [
  ...[connectionTable, estimatorPriority, estimatorCapacity],
];
